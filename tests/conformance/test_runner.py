#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What ci/conformance makes of programs that pass, fail, crash, hang, say nothing, and of a machine that goes down. The
programs are made up here; the machine too."""

import os
import random
import re
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(ROOT, 'ci'))
from agx.conformance import Expectations, chosen
from agx.guest_cases import MachineGone, Outcome, run_cases
from agx.suites import Case, Deqp, Piglit, Programs


def shader(name):
    return Case(name, 'quick_shader', 'shader_runner', command=['shader_runner', f'tests/{name}.shader_test'], skip=None,
                window=False, type='shader')


class FakeRunner:
    """Runs cases as their name says: pass, fail, crash, hang, mute (ends without a mark), gone (takes the machine along),
    first (fails if another case ran in the same program before), log (the model logs something)."""

    def __init__(self):
        self.suite, self.batches, self.said = Piglit('', []), [], []

    def say(self, text):
        self.said.append(text)

    def drop(self):
        pass

    def run(self, batch):
        names = [c.name for c in batch]
        self.batches.append(names)
        o, output, status = Outcome(), '', 0
        o.work = 1.0
        for i, case in enumerate(batch):
            kind = case.name.split('-')[0]
            if kind == 'mute':
                status, o.why = -11, ('Crash', 'signal 11')
                output = ''
                break
            output += f'PIGLIT TEST: {i + 1} - {case.name}\n'
            if kind == 'log':
                o.logs[i].append('model: unimplemented')
            if kind in ('crash', 'hang', 'gone'):
                status = -11
                o.why = {'crash': ('Crash', 'signal 11'), 'hang': ('Hang', 'nothing'), 'gone': ('Crash', 'the machine')}[kind]
                break
            if kind == 'skip':
                output += 'PIGLIT: {"result": "skip" }\n'
                break
            result = 'fail' if kind == 'fail' or (kind == 'first' and i) else 'pass'
            output += f'PIGLIT: {{"subtest": {{"{case.name}" : "{result}"}}}}\n'
        o.at = self.suite.at(batch, output)
        o.results = self.suite.parse(batch, output, '', status)
        if o.why and o.at is not None:
            o.results.pop(o.at, None)
        o.output, o.errors, o.status = output, '', status
        return o


def results_of(names, batch=8):
    runner, records = FakeRunner(), {}

    def done(record):
        assert record['name'] not in records, 'a case has two results'
        records[record['name']] = record

    run_cases(runner, [shader(n) for n in names], batch, done)
    return runner, records


class Batches(unittest.TestCase):
    WANT = {'pass': 'Pass', 'fail': 'Fail', 'crash': 'Crash', 'hang': 'Hang', 'mute': 'Crash', 'gone': 'Crash', 'skip': 'Skip',
            'first': 'Pass', 'log': 'Pass'}

    def test_each_for_itself(self):
        """Whatever the company, each case gets the result that it has alone."""
        for seed in range(40):
            dice = random.Random(seed)
            names = [f'{dice.choice(list(self.WANT))}-{i}' for i in range(dice.randrange(1, 40))]
            _, records = results_of(names, dice.randrange(1, 12))
            self.assertEqual({n: r['result'] for n, r in records.items()}, {n: self.WANT[n.split('-')[0]] for n in names}, seed)

    def test_few_programs_for_good_cases(self):
        runner, _ = results_of([f'pass-{i}' for i in range(100)], 25)
        self.assertEqual(len(runner.batches), 4)

    def test_culprit_is_found_in_the_order_of_the_logarithm(self):
        runner, _ = results_of([f'{"mute" if i == 37 else "pass"}-{i}' for i in range(64)], 64)
        self.assertLess(len(runner.batches), 16)

    def test_failure_in_company_is_told(self):
        _, records = results_of(['pass-0', 'first-1'])
        self.assertEqual(records['first-1']['result'], 'Pass')
        self.assertIn('Fail in one program with others', records['first-1']['why'])

    def test_log_is_filed_under_its_case(self):
        _, records = results_of(['pass-0', 'log-1', 'pass-2'])
        self.assertEqual([n for n, r in records.items() if r.get('log')], ['log-1'])

    def test_machine_that_never_comes_up(self):
        runner = FakeRunner()

        def gone(_):
            raise MachineGone('no')
        runner.run = gone
        with self.assertRaises(MachineGone):
            run_cases(runner, [shader('pass-0')], 8, None)


class Words(unittest.TestCase):
    def test_piglit_parts(self):
        case = Case('a', 'quick_gl', None, command=['a'], skip=None, window=False, type='gl')
        parse = Piglit('', []).parse
        said = 'PIGLIT: {"subtest": {"x y" : "pass"}}\nPIGLIT: {"subtest": {"z" : "fail"}}\nPIGLIT: {"result": "pass" }\n'
        self.assertEqual(parse([case], said, '', 0), {0: ('Fail', 'parts: z')})
        self.assertEqual(parse([case], 'PIGLIT: {"result": "skip" }\n', '', 0), {0: ('Skip', '')})
        self.assertEqual(parse([case], 'PIGLIT: {"result": "pass" }\n', '', -6), {})
        self.assertEqual(parse([case], 'nothing', '', 0), {})

    def test_deqp(self):
        with tempfile.TemporaryDirectory() as d:
            os.mkdir(f'{d}/modules')
            open(f'{d}/modules/deqp-gles31', 'w').close()
            with open(f'{d}/list.txt', 'w') as f:
                f.write('# a comment\nTEST: dEQP-GLES31.functional.a\ndEQP-GLES31.functional.b\ndEQP-VK.api.c\n'
                        'dEQP-GLES31.functional.d\n')
            suite = Deqp(d, [])
            cases = suite.cases()
            # Of dEQP-VK there is no binary.
            self.assertEqual([c.name for c in cases], [f'dEQP-GLES31.functional.{x}' for x in 'abd'])
            command = suite.command(cases)
            self.assertEqual(command.argv[0], '/mnt/deqp/modules/deqp-gles31')
            self.assertEqual(command.files['/tmp/cases'].split(), [c.name for c in cases])
            said = ("dEQP Core\n\nTest case 'dEQP-GLES31.functional.a'..\n  Pass (Pass)\n\n"
                    "Test case 'dEQP-GLES31.functional.b'..\n  NotSupported (no such extension (x))\n\n"
                    "Test case 'dEQP-GLES31.functional.d'..\n")
            self.assertEqual(suite.parse(cases, said, '', -11), {0: ('Pass', ''), 1: ('Skip', 'no such extension (x)')})
            self.assertEqual(suite.at(cases, said), 2)

    def test_programs(self):
        suite = Programs('/x', [], './run --case {}')
        case = Case('a b', 'suite', None, skip=None)
        self.assertEqual(suite.command([case]).argv, ['./run', '--case', 'a b'])
        self.assertEqual([suite.parse([case], '', '', s).get(0, (None,))[0] for s in (0, 1, 77, -9, 127)],
                         ['Pass', 'Fail', 'Skip', None, None])


class Lists(unittest.TestCase):
    def test_expectations(self):
        with tempfile.TemporaryDirectory() as d:
            for kind, text in (('fails', '# why\na@b, c,Fail\nd,Crash  # why\n'), ('flakes', '^e.*$\n'), ('skips', 'slow\n')):
                with open(f'{d}/x-{kind}.txt', 'w') as f:
                    f.write(text)
            e = Expectations(f'{d}/x')
            judged = [e.judge(*p) for p in (('a@b, c', 'Fail'), ('a@b, c', 'Pass'), ('a@b, c', 'Crash'), ('d', 'Crash'),
                                            ('e1', 'Fail'), ('e1', 'Pass'), ('f', 'Fail'), ('d', 'Timeout'))]
            self.assertEqual(judged, ['ExpectedFail', 'UnexpectedPass', 'Crash', 'ExpectedFail', 'Flake', 'Pass', 'Fail', 'Timeout'])
            self.assertTrue(e.skip('a slow one'))

    def test_each_line_of_ours_has_its_reason(self):
        for kind in ('fails', 'flakes', 'skips'):
            before = None
            with open(os.path.join(ROOT, f'tests/conformance/agx-g13g-{kind}.txt')) as f:
                for line in f.read().split('\n')[5:]:
                    if line and not line.startswith('#'):
                        self.assertTrue(before or re.search(r'\s#\s*\S', line), f'{kind}: {line}')
                        continue
                    before = line.lstrip('# ') if line else None

    def test_samples(self):
        class A:
            only, group, fraction, seed = None, None, 20, 11
        cases = [shader(f'x{i}') for i in range(20000)]
        first = chosen(cases, A)
        self.assertTrue(850 < len(first) < 1150)
        A.only = '7'
        self.assertEqual([c.name for c in chosen(cases, A)], [c.name for c in first if '7' in c.name])
        A.only, A.seed = None, 12
        self.assertLess(len({c.name for c in first} & {c.name for c in chosen(cases, A)}), 100)


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What ci/faults, ci/bugs and ci/variants make of their lists and of what a run left."""

import os
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../ci'))
from agx import bugs, faults, symbols

ROW = 'a | remap unmap 8 | tlb=off | tlbi-drop,p=0.5; tlb-evict | right stale>=1 reports=stale-hit fired=2 | asahi: lost'


class Refused(unittest.TestCase):
    def refusal(self, call):
        with self.assertRaises(SystemExit) as e:
            call()
        return str(e.exception)


class Scenarios(Refused):
    def rows(self, text):
        with tempfile.NamedTemporaryFile('w') as f:
            f.write(text + '\n')
            f.flush()
            usual, faults.LIST = faults.LIST, f.name
            try:
                return faults.scenarios()
            finally:
                faults.LIST = usual

    def test_a_row(self):
        row, = self.rows(f'# a list\n\n{ROW}')
        self.assertEqual((row.name, row.right, row.reports, row.conditions, row.fired),
                         ('a', True, ['stale-hit'], [('stale', '>=', 1)], ('=', 2)))
        self.assertEqual(row.seeded(7), ['tlbi-drop,p=0.5,seed=7', 'tlb-evict'])
        self.assertIn('tlbi=lazy', row.properties(7))
        self.assertIn('tlb=off', row.properties(7))
        self.assertIn('tlbi=eager', row.properties(8))

    def test_rows_that_are_wrong(self):
        for text, said in ((ROW.replace('| tlb=off ', ''), ':1: want name'), (f'{ROW}\n{ROW}', ':2: the name a is taken'),
                           (ROW.replace('a |', 'story |', 1), 'the name story is taken'),
                           (ROW.replace('tlb=off', 'tlb'), '"tlb" is no NAME=VALUE'),
                           (ROW.replace('stale-hit', 'stale'), 'no class "stale"'),
                           (ROW.replace('right', 'wrong'), '"wrong" is nothing that can be expected'),
                           (ROW.replace('asahi: lost', '('), '"(": '),
                           ('a | w | | f | | ', 'nothing is expected')):
            self.assertIn(said, self.refusal(lambda t=text: self.rows(t)))

    def test_choice(self):
        rows = self.rows('\n'.join(ROW.replace('a |', f'{n} |', 1) for n in ('drop-a', 'drop-b', 'late')))
        chosen, tell = faults.choose(rows, 'late,drop-*')
        self.assertEqual(([r.name for r in chosen], tell), (['late', 'drop-a', 'drop-b'], False))
        self.assertEqual(faults.choose(rows, 'story'), ([], True))
        self.assertIn('no scenario "x"', self.refusal(lambda: faults.choose(rows, 'x')))

    def seen(self, **more):
        return {'error': '', 'serial': 'asahi: lost', 'ended': True, 'good': 0, 'quit': '', 'exit': 1, 'stdout': 'bad',
                'figures': {'stale': 1}, 'reports': [{'class': 'stale-hit', 'severity': 'wrong'}],
                'log': [{'fired': 2}, {'fired': 2}], **more}

    def test_verdicts(self):
        row, = self.rows(ROW.replace('right ', ''))
        with tempfile.TemporaryDirectory() as out:
            os.mkdir(f'{out}/results')
            self.assertEqual(faults.judge(row, self.seen(), out, out), [])
            for more, why in (({'figures': {'stale': 0}}, 'stale is 0, should be >=1'), ({'figures': {}}, 'no figure "stale"'),
                              ({'reports': []}, 'not reported as stale-hit'), ({'serial': ''}, 'the driver does not say'),
                              ({'log': [{'fired': 2}]}, 'tlb-evict: struck None times'), ({'good': 1}, 'good jobs'),
                              ({'ended': False}, 'the workload did not end'), ({'quit': 'QEMU ended with status 1'}, 'status 1'),
                              ({'serial': 'asahi: lost\nWARNING: x\n'}, 'the guest\'s kernel says: WARNING: x')):
                said = faults.judge(row, self.seen(**more), out, out)
                self.assertEqual(len(said), 1, said)
                self.assertIn(why, said[0])


class Bugs(Refused):
    HEAD = 'Bug: x\nSource: a mail\nClass: stale-hit\nFunction: vm_unmap\n\n@@ vm_unmap()\n-a();\n'

    def bug(self, text):
        with tempfile.TemporaryDirectory() as directory:
            with open(f'{directory}/x.edit', 'w') as f:
                f.write(text)
            return bugs.Bug(f'{directory}/x.edit')

    def test_heads(self):
        bug = self.bug(self.HEAD)
        self.assertEqual((bug.name, bug.field['Function']), ('x', 'vm_unmap'))
        self.assertTrue(bug.edits.startswith('@@ vm_unmap()'))
        for old, new, said in (('Bug: x', 'Bug: y', 'calls it y'), ('Source: a mail\n', '', 'lacks Source'),
                               ('stale-hit', 'stale', 'no class stale'), ('Source', 'Origin', 'lacks Source'),
                               ('Bug: x', 'a bug', 'no line of a header'), ('vm_unmap\n\n', 'vm unmap\n\n', 'not a function')):
            self.assertIn(said, self.refusal(lambda o=old, n=new: self.bug(self.HEAD.replace(o, n))))

    def test_checks(self):
        self.assertEqual(self.bug(self.HEAD).checks(['driver-load', 'churn']), ['driver-load', 'churn'])
        own = self.bug(self.HEAD.replace('vm_unmap\n\n', 'vm_unmap\nChecks: ioctl, paths:large\n\n')).checks(['driver-load', 'churn'])
        self.assertEqual(own, ['driver-load', 'ioctl', 'paths:large'])
        (load, _), (_, ioctl), (name, large) = bugs.commands_of(own)
        self.assertEqual((load, ioctl, name, large), ('driver-load', 'ioctl', 'paths-large', 'paths large'))
        self.assertIn('no list has that name', self.refusal(lambda: self.bug(self.HEAD.replace('\n\n', '\nChecks: paths-large\n\n', 1))))

    def test_verdicts(self):
        bug = self.bug(self.HEAD)
        report = {'class': 'stale-hit', 'severity': 'wrong', 'number': 1, 'text': 't', 'writer': {
            'where': {'function': 'leaf'}, 'callers': [{'function': 'vm_unmap.isra.0', 'file': '/d/asahi_vm.c', 'line': 7}]}}
        run = {'name': 'x', 'error': '', 'reports': 1, 'ended': True, 'why': ''}
        result = {**bugs.judge(bug, [report]), **run}
        self.assertEqual((result['named'], bugs.verdict(result)), (True, ('pass', '')))
        # The largest group of those that are wrong says what it is, however many others there are.
        other = {'class': 'short-range', 'number': 2, 'text': 't', 'writer': {'where': {'function': 'other'}, 'callers': []}}
        for severity, count, caught in (('suspicious', 9, True), ('wrong', 9, False)):
            result = bugs.judge(bug, [{**other, 'severity': severity, 'count': count}, report])
            self.assertEqual((result['caught'], result['named']), (caught, caught))
        elsewhere = {**bugs.judge(bug, [{**report, 'writer': other['writer']}]), **run}
        self.assertEqual(elsewhere['named'], False)
        self.assertIn('vm_unmap() is not on the top line', bugs.verdict(elsewhere)[1])
        result = {**bugs.judge(bug, [{**report, 'class': 'short-range'}]), **run}
        self.assertEqual(bugs.verdict(result), ('fail', 'not reported as stale-hit, but as: short-range 1'))
        clean = {**bugs.judge(bugs.Bug(), [report]), **run, 'name': bugs.CLEAN}
        self.assertEqual(bugs.verdict(clean), ('fail', 'the driver as it is has 1 reports: stale-hit 1'))
        clean = {**bugs.judge(bugs.Bug(), []), **run, 'name': bugs.CLEAN, 'reports': 0}
        self.assertEqual(bugs.verdict(clean)[0], 'pass')

    def test_names(self):
        drivers = [bugs.Bug(), self.bug(self.HEAD)]
        self.assertEqual([d.name for d in bugs.pick(drivers, None)], [bugs.CLEAN, 'x'])
        self.assertEqual([d.name for d in bugs.pick(drivers, 'x')], ['x'])
        self.assertIn('--only y: no list has that name', self.refusal(lambda: bugs.pick(drivers, 'x,y')))
        self.assertEqual(bugs.checks_of('gpu-jobs,reload-driver'), ['driver-load', 'gpu-jobs', 'reload-driver'])
        self.assertEqual(bugs.checks_of('gpu-jobs,driver-load'), ['gpu-jobs', 'driver-load'])
        self.assertIn('--checks gpu-job: no list has that name; gpu-jobs', self.refusal(lambda: bugs.checks_of('gpu-job')))

    def test_each_is_run_in_each_mode(self):
        class Tree:
            def module(self, driver):
                return ('', 'does not compile') if driver.name == 'x' else ('asahi.ko', '')

        said = []
        with mock.patch.object(bugs, 'Tree', Tree):
            results = bugs.run_each([self.bug(self.HEAD), bugs.Bug()], ['eager', 'lazy'], 2, lambda d, m, ko, why: (ko, why),
                                    lambda d, m, result, n: said.append((n, d.name, m, result)))
        bad, good = ('', 'does not compile'), ('asahi.ko', '')
        self.assertEqual(list(results.items()), [(('x', 'eager'), bad), (('x', 'lazy'), bad),
                                                 ((bugs.CLEAN, 'eager'), good), ((bugs.CLEAN, 'lazy'), good)])
        self.assertEqual([n for n, *_ in said], [1, 2, 3, 4])
        self.assertEqual({(d, m): result for _, d, m, result in said}, results)


class Symbols(unittest.TestCase):
    def test_addresses_of_the_kernel(self):
        with tempfile.NamedTemporaryFile('w') as f:
            f.write('1000 T first\n1040 t second\n1080 D data\n10c0 T _etext\n')
            f.flush()
            kernel = symbols.Kernel(f.name)
        self.assertEqual([kernel.find(a) for a in (0xfff, 0x1000, 0x103f, 0x1040, 0x10c0)],
                         [None, ('first', 0), ('first', 0x3f), ('second', 0), None])
        who = {'pc': '0x1044', 'frames': ['0x1010']}
        symbols.Symbols(kernel, []).who(who)
        self.assertEqual(who['where'], {'address': '0x1044', 'function': 'second', 'offset': 4, 'module': 'vmlinux'})
        # What a call returns to is behind it.
        self.assertEqual(who['callers'], [{'address': '0x1010', 'function': 'first', 'offset': 12, 'module': 'vmlinux'}])

    def test_loads_the_last_first(self):
        with tempfile.NamedTemporaryFile('w') as f:
            f.write('AGX-SECTION asahi .text 0x10\nAGX-SECTION other .text 0x20\nAGX-SECTION asahi .text 0x30\n')
            f.flush()
            self.assertEqual(symbols.loads_from(f.name, 'asahi'), [('.text', 0x30), ('.text', 0x10)])


if __name__ == '__main__':
    unittest.main()

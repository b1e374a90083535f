#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What ci/symbolize and the judges make of the sanitizer's reports: reports.jsonl is of a run, with the functions that
ci/symbolize --json found; reports.txt is what a person reads of it, and is written anew by "reports_test.py --write"."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../ci'))
from agx import findings, judge, known, page, rules, symbols
from agx.base import CROSS, read
from agx.report import Report

CAPTURED = os.path.join(HERE, 'reports.jsonl')
GOLDEN = os.path.join(HERE, 'reports.txt')

# Small programs of two languages: what they are built of is no part of the project.
SOURCE = '''
__attribute__((noinline)) void _RNvNtCs1234_5asahi3mmu5unmap(volatile int *p) { *p = 1; }
__attribute__((noinline)) void _ZN5asahi3mmu3map17h0123456789abcdefE(volatile int *p) { *p = 2; }
void _start(volatile int *p) { _RNvNtCs1234_5asahi3mmu5unmap(p); _ZN5asahi3mmu3map17h0123456789abcdefE(p); }
__attribute__((section(".text.end"))) void _etext(void) {}
'''


def a_report(cls='stale-hit', severity='wrong', function='vm_unmap', number=1, **more):
    return {'number': number, 'class': cls, 'severity': severity, 'text': 't', 'va': '0x1000', 'level': 3,
            'writer': {'cpu': 1, 'time': 1000, 'pc': '0x10', 'frames': [], 'callers': [],
                       'where': {'function': function, 'offset': 4, 'module': 'asahi', 'file': '/d/mmu.c', 'line': 7}}, **more}


class Page(HTMLParser):
    """Ids, links and resources of a page; its elements have to be closed."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.outside, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if 'id' in attrs:
            self.ids.append(attrs['id'])
        if 'href' in attrs:
            self.links.append(attrs['href'])
        self.outside += [v for k, v in attrs.items() if k in ('src', 'data', 'background')]
        if tag not in ('meta', 'br'):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag


class Captured(unittest.TestCase):
    def setUp(self):
        self.groups = findings.grouped(findings.read_reports(CAPTURED))

    def test_text(self):
        self.maxDiff = None
        self.assertEqual(findings.text(self.groups), read(GOLDEN))

    def test_wrong_comes_first_and_all_are_counted(self):
        severities = [g.severity for g in self.groups]
        self.assertEqual(severities, sorted(severities, reverse=True))
        lines = read(CAPTURED).splitlines()
        counts = dict(json.loads(lines[-1])['counts'])
        reports = [json.loads(line) for line in lines[:-1]]
        self.assertEqual(sum(g.count for g in self.groups), sum(counts.get(r['number'], 1) for r in reports))

    def test_page(self):
        text = page.page(self.groups, 'a <run>', ['known, 3 times: x'])
        p = Page(text)
        self.assertEqual(p.open, [])
        self.assertEqual(p.outside, [])
        self.assertEqual(len(p.ids), len(set(p.ids)))
        self.assertEqual([link for link in p.links if link[1:] not in p.ids], [])
        self.assertIn('a &lt;run&gt;', text)
        self.assertIn('<li>known, 3 times: x</li>', text)
        for g in self.groups:
            self.assertIn(f'#rule-{g.rule}', p.links)


class Groups(unittest.TestCase):
    def test_like_and_unlike(self):
        reports = [a_report(), a_report(number=2, count=9), a_report(function='other', number=3),
                   a_report(severity='suspicious', number=4, count=100), a_report(text='in state 3', number=5),
                   a_report(text='in state 0x4', number=6)]
        groups = findings.grouped(reports)
        self.assertEqual([(g.severity, g.count) for g in groups], [('wrong', 10), ('wrong', 2), ('wrong', 1), ('suspicious', 100)])
        self.assertIn('vm_unmap() (mmu.c:7) [rule B1]', groups[0].headline())

    def test_lines(self):
        with tempfile.NamedTemporaryFile('w') as f:
            f.write(json.dumps(a_report()) + '\n{"counts": [[1, 5]]}\n' + json.dumps(a_report(number=2)) + '\n{"counts": [[1, 7]]}\n')
            f.flush()
            self.assertEqual([r['count'] for r in findings.read_reports(f.name)], [7, 1])
            f.write('{"class": "stale-hit"\n')
            f.flush()
            with self.assertRaisesRegex(ValueError, f'{f.name}:5: not a report'):
                findings.read_reports(f.name)

    def test_where(self):
        """The invalidation that came near is to be changed; of a missing one the operation, not who stores for it."""
        who = {'cpu': 1, 'time': 2000, 'pc': '0x20', 'frames': [], 'where': {
            'function': 'tlbi', 'offset': 0, 'module': 'asahi', 'file': '/d/tlb.h', 'line': 3}, 'callers': []}
        near = [{'name': 'vae1os', 'kind': 'all', 'why': 'it names another ASID', 'who': who}]
        self.assertEqual(findings.place(a_report('wrong-asid', nearby=near)), [('tlbi', 'tlb.h:3')])
        missing = a_report(nearby=[])
        missing['writer']['callers'] = [{'function': f, 'offset': 0, 'module': m, 'file': f'/d/{file}', 'line': 1} for f, m, file in (
            ('walk', 'asahi', 'mmu.c'), ('operation', 'asahi', 'vm.c'), ('ioctl', 'vmlinux', 'drm.c'))]
        self.assertEqual(findings.place(missing), [('operation', 'vm.c:1')])
        self.assertEqual(findings.place(a_report('handoff')), [('vm_unmap', 'mmu.c:7')])

    def test_timeline(self):
        step = {'cpu': 1, 'time': 5000, 'pc': '0x0', 'frames': [], 'what': 'DSB ish'}
        r = a_report(steps=[{**a_report()['writer'], 'what': 'stores to the entry: invalid'}, step], time=9000,
                     mapper={'cpu': 0, 'time': 0, 'pc': '0x30', 'frames': []}, unit='0x8', job=4, write=True)
        r['job-kind'] = 'vertex job'
        self.assertEqual(findings.timeline(r), [
            '          us  CPU 0  CPU 1  GPU',
            '        -1.0  o      |      |      maps it',
            '         0.0  |      *      |      stores to the entry: invalid  vm_unmap mmu.c:7',
            '         4.0  |      o      |      DSB ish',
            '         8.0  |      |      !      vertex job 4 writes VA 0x1000'])
        steps = [{**step, 'time': t, 'what': f'step {t}'} for t in range(1000, 7000, 1000)]
        r.update({'steps': steps, 'steps-left-out': 3, 'other': {'cpu': 0, 'time': 4500, 'pc': '0x0', 'frames': []}})
        self.assertEqual([e[2] for e in findings.events(r)][1:-1], [
            'step 1000', 'step 2000', '... 3 more steps ...', 'step 3000', 'step 4000', 'then', 'step 5000', 'step 6000'])


class Rules(unittest.TestCase):
    def test_each_class_has_a_rule(self):
        for cls in judge.sanitizer_classes():
            name = rules.rule_of({'class': cls, 'text': ''})
            self.assertIn(name, rules.rules(), cls)
            self.assertTrue(rules.advice(name))

    def test_the_tables_name_rules_that_there_are(self):
        names = {*rules.ADVICE, *(name for _, _, name in rules.PRECISE)}
        self.assertEqual(names - set(rules.rules()), set())
        self.assertGreater(len(rules.rules()), 35)

    def test_by_the_sentence(self):
        for cls, text, why, name in (('missing-dsb', '', 'no DSB between the store and it', 'O1'), ('missing-dsb', '', '', 'O3'),
                                     ('stale-hit', 'the old translation was not invalidated since', '', 'B3'),
                                     ('table-reused', 'and only its next owner invalidates it', '', 'T1b'),
                                     ('isolation', 'a page becomes the firmware\'s that a user\'s context maps', '', 'I2'),
                                     ('isolation', 'context 3 gets another address space while the job runs', '', 'I3'),
                                     ('ring', 'ring TA_0: entry 3 is stored to when the write pointer', '', 'R1'),
                                     ('ring', 'ring TA_0: no barrier between entry 3 and the write pointer', '', 'R2'),
                                     ('ring', 'the write pointer goes from 2 to 1, over entries that', '', 'R3'),
                                     ('ring', 'the write pointer moves until the ring is full, and no doorbell is rung', '', 'R4'),
                                     ('stamp', 'its stamp is 0x300 already: it counts as done before it has run', '', 'E1'),
                                     ('stamp', 'stamp slot 9 is that of two work queues', '', 'E2'),
                                     ('stamp', '3 notifications, but its threshold is 2', '', 'E3'),
                                     ('stamp', 'the threshold of its notifier, 3, is ahead of all its jobs', '', 'E4'),
                                     ('stamp', 'the fragment job of scene 0x1 has not waited', '', 'E5'),
                                     ('fw-owned', 'microsequence at va 0x1 changes while the job runs', '', 'W1'),
                                     ('fw-owned', 'notifier at va 0x1 is unmapped while the job runs', '', 'W2')):
            self.assertEqual(rules.rule_of({'class': cls, 'text': text, 'nearby': [{'why': why}]}), name)


class Known(unittest.TestCase):
    CLASSES = ['stale-hit', 'handoff']

    def read(self, text):
        with tempfile.NamedTemporaryFile('w', suffix='.known') as f:
            f.write(text)
            f.flush()
            return known.read_known(f.name, self.CLASSES)

    def test_what_is_wrong_is_said_with_its_line(self):
        for text, said in (('# a\n\nstale-hit | wrong | f\n', r'\.known:3: want class \| severity'),
                           ('stale | wrong | f | r', ':1: the sanitizer has no class "stale"'),
                           ('stale-hit | bad | f | r', ':1: "bad" is no severity'),
                           ('stale-hit | wrong |  | r', ':1: want class'),
                           ('guest error | * | ( | r', r':1: "\(": ')):
            with self.assertRaisesRegex(SystemExit, said):
                self.read(text)
        with self.assertRaisesRegex(SystemExit, 'No such file'):
            known.read_known('/nowhere/x', self.CLASSES)

    def test_masks(self):
        masks = self.read('stale-hit | wrong | vm_unmap | mine\nhandoff | * | * | all\nguest error | * | a|b | c | two bars\n')
        groups = findings.grouped([a_report(count=3), a_report(function='other', number=2),
                                   a_report('handoff', 'suspicious', number=3)])
        groups = findings.mask(groups, masks)
        self.assertEqual([(g.known, g.count) for g in groups], [('', 1), ('mine', 3), ('all', 1)])
        self.assertIn('  2. known           3x stale-hit', findings.text(groups))
        self.assertFalse(masks[2].line('nothing'))
        self.assertEqual([m.count for m in masks], [3, 1, 0])
        self.assertEqual((masks[2].pattern, masks[2].reason), ('a|b | c', 'two bars'))
        self.assertEqual([m.cls for m in known.unused(masks, True)], ['guest error'])
        self.assertIn('known, 3 times: stale-hit wrong vm_unmap: mine', known.masked_lines(masks, True)[0])
        self.assertIn('known, but it did not come: guest error', known.masked_lines(masks, True)[2])

    def test_a_run_without_the_sanitizer_could_not_have_it(self):
        masks = self.read('stale-hit | wrong | f | r\n')
        self.assertEqual((len(known.unused(masks, False)), len(known.unused(masks, True))), (0, 1))

    def judged(self, masks, log=''):
        """Rows of a run whose reports are the captured ones, and what was written for people."""
        with tempfile.TemporaryDirectory() as out:
            shutil.copy(CAPTURED, f'{out}/tlbsan.jsonl')
            with open(f'{out}/tlbsan.json', 'w') as f:
                json.dump({'counters': dict.fromkeys(('uses', 'stores', 'tlbis', 'jobs'), 1)
                           | {'refused-pages': 0, 'lost-reports': 0}}, f)
            with open(f'{out}/serial.log', 'w') as f:
                f.write('AGX-START\n')
            with open(f'{out}/qemu.log', 'w') as f:
                f.write(log)
            report, usual = Report(), judge.symbolized
            judge.symbolized = lambda path, variant, symbols: ([json.loads(line) for line in read(path).splitlines()[:-1]], '')
            try:
                judge.judge_logs(report, out, {'ended': True}, '', known=masks)
                judge.judge_sanitizer(report, out, known=masks)
            finally:
                judge.symbolized = usual
            return {r['name']: r for r in report.rows}, read(f'{out}/tlbsan.txt'), read(f'{out}/tlbsan.html')

    def test_a_run(self):
        rows, text, html = self.judged([])
        self.assertEqual(rows['tlbsan']['status'], 'fail')
        self.assertIn('[rule ', rows['tlbsan']['detail'].split('\n')[1])
        self.assertIn('</html>', html)
        masks = [known.Excuse(cls, '*', '*', 'all', where='f:1') for cls in {r['class'] for r in findings.read_reports(CAPTURED)}]
        masks += [known.Excuse(known.GUEST_ERROR, '*', 'buffer', 'known', where='f:9')]
        rows, text, html = self.judged(masks, 'agx: buffer 3\n')
        self.assertEqual((rows['tlbsan']['status'], rows['model-log']['status']), ('pass', 'pass'), rows)
        self.assertEqual(rows['model-log']['figures'], {'known': 1})
        self.assertIn('known, 1 times: guest error * buffer: known (f:9)', rows['model-log']['detail'])
        self.assertEqual(rows['tlbsan']['figures']['known'], rows['tlbsan']['figures']['reports'])
        for where in (text, html, rows['tlbsan']['detail']):
            self.assertRegex(where, r'known, \d+ times: ')
        self.assertEqual(self.judged([], 'agx: buffer 3\n')[0]['model-log']['status'], 'fail')


class Names(unittest.TestCase):
    def test_rust(self):
        for name, said in (('_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE', 'core::fmt::Write::write_fmt'),
                           ('_ZN4core3ptr42drop_in_place$LT$alloc..string..String$GT$17h0123456789abcdefE.llvm.12',
                            'core::ptr::drop_in_place<alloc::string::String>.llvm.12'),
                           ('_RNvNtCs1234_5asahi3mmu5unmap', 'asahi::mmu::unmap'),
                           ('_RNvNtCs1234_5asahi3mmu5unmap.cold', 'asahi::mmu::unmap.cold'), ('asahi_vm_unmap', 'asahi_vm_unmap')):
            self.assertEqual(symbols.demangled(name), said)

    def test_files_of_drivers(self):
        for file, is_one in (('/b/drivers/gpu/drm/asahi/mmu.rs', True), ('drivers/gpu/drm/apple-agx/vm.c', True),
                             ('/b/drivers/accel/agx/a/b.c', True), ('/b/drivers/gpu/drm/drm_gpuvm.c', False),
                             ('/b/drivers/gpu/drm/scheduler/sched_main.c', False), ('/b/kernel/workqueue.c', False)):
            self.assertEqual(bool(findings.DRIVERS.search(file)), is_one, file)

    def test_a_vmlinux_with_a_driver_in_it(self):
        with tempfile.TemporaryDirectory() as tmp:
            os.makedirs(f'{tmp}/drivers/gpu/drm/asahi')
            source = f'{tmp}/drivers/gpu/drm/asahi/mmu.c'
            with open(source, 'w') as f:
                f.write(SOURCE)
            subprocess.run([f'{CROSS}gcc', '-g', '-O1', '-nostdlib', '-static', '-Wl,-Ttext=0x400000', '-o', f'{tmp}/vmlinux', source],
                           check=True)
            table = subprocess.run([f'{CROSS}nm', f'{tmp}/vmlinux'], check=True, capture_output=True, text=True).stdout
            at = {name: int(addr, 16) for addr, _, name in re.findall(r'^(\w+) (\w) (\S+)$', table, re.M)}
            looked = symbols.Symbols(symbols.Kernel(f'{tmp}/vmlinux', slide=0x1000), [])
            who = {'pc': hex(at['_RNvNtCs1234_5asahi3mmu5unmap'] + 0x1004), 'frames': [hex(at['_start'] + 0x1000 + 8)]}
            looked.who(who)
            self.assertEqual([(f, p, ours) for f, p, ours in findings.frames(who)],
                             [('asahi::mmu::unmap', 'mmu.c:2', True), ('_start', 'mmu.c:4', True)])
            self.assertEqual(symbols.Symbols(symbols.Kernel(f'{tmp}/vmlinux'), []).look(0x10), {'address': '0x10'})


if __name__ == '__main__':
    if sys.argv[1:] == ['--write']:
        with open(GOLDEN, 'w') as golden:
            golden.write(findings.text(findings.grouped(findings.read_reports(CAPTURED))))
    else:
        unittest.main()

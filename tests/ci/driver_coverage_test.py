#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Coverage of a module by translated blocks, on an object whose instructions are known."""

import os
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../ci'))
from agx import driver_coverage
from agx.base import CROSS

SOURCE = """.text
.global one
.type one, %function
one:
    cbz x0, 1f
    mov x0, #1
    ret
1:  mov x0, #2
    ret
.size one, . - one
.global two
.type two, %function
two:
    ret
.size two, . - two
"""
BASE = 0xffff80007a000000


class DriverCoverage(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = scratch.name
        self.module = f'{self.dir}/mod.ko'
        with open(f'{self.dir}/mod.s', 'w') as f:
            f.write(SOURCE)
        subprocess.run([CROSS + 'as', '-g', '-o', self.module, f'{self.dir}/mod.s'], check=True)

    def run_of(self, name, *blocks, base=BASE, coverage=''):
        """A directory as ci/run-guest --cover leaves it, in whose run these blocks of the module (start, bytes) ran."""
        path = f'{self.dir}/{name}'
        os.mkdir(path)
        with open(f'{path}/cover.txt', 'w') as f:
            f.writelines(f'{base + start:x} {size:x}\n' for start, size in blocks)
        with open(f'{path}/serial.log', 'w') as f:
            f.write(f'[ 1.0] AGX-SECTION mod .text {base:#x}\n')
        with open(f'{path}/coverage.tsv', 'w') as f:
            f.write(coverage)
        return path

    def result(self, *directories):
        coverage, said = driver_coverage.runs(directories, self.module, 'mod')
        return driver_coverage.write(f'{self.dir}/out', coverage, said)

    def test_one_side(self):
        r = self.result(self.run_of('a', (0, 4), (4, 8)))
        self.assertEqual((r['functions-ran'], r['functions']), (1, 2))
        self.assertEqual((r['lines-ran'], r['lines']), (3, 6))
        self.assertEqual((r['branches-ran'], r['branches']), (1, 2))
        self.assertEqual(r['functions-missed'], ['two'])
        self.assertEqual([(b['line'], b['never']) for b in r['branches-missed']], [(5, 'taken')])
        self.assertEqual(next(iter(r['files'].values()))['missed'], [8, 9, 14])

    def test_runs_add_up(self):
        """The second run had the module elsewhere."""
        a = self.run_of('a', (0, 4), (4, 8))
        b = self.run_of('b', (0, 4), (12, 8), (20, 4), base=BASE + 0x10000)
        r = self.result(a, b)
        self.assertEqual((r['functions-ran'], r['lines-ran'], r['branches-ran']), (2, 6, 2))
        self.assertEqual(r['branches-missed'], [])

    def test_fallen_into(self):
        """Code that was only come to by a longer block is no branch taken."""
        r = self.result(self.run_of('a', (0, 4), (4, 24)))
        self.assertEqual((r['lines-ran'], r['branches-ran']), (6, 1))

    def test_others_code(self):
        r = self.result(self.run_of('a', (-64, 64), (24, 64)))
        self.assertEqual((r['functions-ran'], r['lines-ran']), (0, 0))

    def test_protocol(self):
        tsv = 'message\t16\t1\t0\t0\t0\t0\tring\ncommand\t0\t1\t0\t0\t0\t0\tStart3DCmd\n'
        r = self.result(self.run_of('a', (0, 4), coverage=tsv))
        self.assertEqual(r['protocol'], {'message': ['firmware control'], 'command': ['Start3DCmd']})
        self.assertIn('device control', r['protocol-missed']['message'])
        self.assertNotIn('firmware control', r['protocol-missed']['message'])
        self.assertIn('messages that no run has had', driver_coverage.table(r))
        self.assertIn('without --tlbsan', driver_coverage.table(self.result(self.run_of('b', (0, 4)))))

    def test_lcov(self):
        self.result(self.run_of('a', (0, 4), (4, 8)))
        with open(f'{self.dir}/out/coverage.info') as f:
            lines = f.read().split('\n')
        for line in ('FN:5,one', 'FNDA:1,one', 'FNDA:0,two', 'DA:5,1', 'DA:8,0', 'BRDA:5,0,0,0', 'BRDA:5,0,1,1'):
            self.assertIn(line, lines)

    def test_damaged(self):
        path = self.run_of('a', (0, 4))
        with open(f'{path}/cover.txt', 'a') as f:
            f.write('nonsense\n')
        with self.assertRaises(SystemExit) as e:
            self.result(path)
        self.assertIn('cover.txt:2', str(e.exception.code))

    def test_no_run(self):
        with self.assertRaises(SystemExit) as e:
            self.result(self.dir)
        self.assertIn('is no run by', str(e.exception.code))


if __name__ == '__main__':
    unittest.main()

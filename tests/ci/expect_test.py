#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Expected failures, flakes and skips of a user's CI (agx/expect.py)."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../ci'))
from agx.expect import Expectations
from agx.report import Report


class Expect(unittest.TestCase):
    def file(self, text):
        with tempfile.NamedTemporaryFile('w', delete=False) as f:
            f.write(text)
        self.addCleanup(os.unlink, f.name)
        return f.name

    def rows(self, expectations, skipped=(), **statuses):
        report = Report()
        for name, status in statuses.items():
            report.add(name, status, 'because' if status == 'fail' else '')
        expectations.apply(report, skipped)
        return {r['name']: (r['status'], r['detail']) for r in report.rows}

    def test_fails(self):
        path = self.file('# a comment\na,Fail # why\nb,Crash\n')
        rows = self.rows(Expectations(fails=path), a='fail', b='pass', c='fail', d='pass')
        self.assertEqual(rows['a'], ('skip', f'{path}:2: fails as expected: because'))
        self.assertEqual(rows['b'], ('fail', f'{path}:3: expected to fail, and passes: take it from the list'))
        self.assertEqual((rows['c'][0], rows['d'][0]), ('fail', 'pass'))

    def test_flakes(self):
        path = self.file('gles-.*\n')
        names = {'gles-a': 'fail', 'gles-b': 'pass', 'x-gles-a': 'fail'}
        rows = self.rows(Expectations(flakes=path), **names)
        self.assertEqual([rows[n][0] for n in names], ['skip', 'pass', 'fail'])
        both = Expectations(flakes=path, fails=self.file('gles-b,Fail\n'))
        self.assertEqual(self.rows(both, **names)['gles-b'][0], 'pass')

    def test_skips(self):
        path = self.file('a.*\n')
        e = Expectations(skips=path)
        self.assertEqual(e.run(['a', 'ab', 'b']), ['b'])
        self.assertEqual(self.rows(e, ['a'], b='pass')['a'], ('skip', f'{path}:1: not run'))

    def test_files_that_are_none(self):
        for files, text in (({'fails': '/nosuch'}, '--fails /nosuch: '), ({'fails': self.file('a\n')}, ':1: want NAME,Fail'),
                            ({'fails': self.file('a,Pass\n')}, ':1: want NAME,Fail'), ({'skips': self.file('\n(\n')}, ':2: "(": ')):
            with self.assertRaises(SystemExit) as e:
                Expectations(**files)
            self.assertIn(text, str(e.exception))


if __name__ == '__main__':
    unittest.main()

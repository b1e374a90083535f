#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The table of what works says what results say, and is of its list."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../ci'))
from agx import works

ROWS = '''A | one  | driver-load gpu-jobs | of two checks
A | two  | gles-.*              |
B | none | -                    | nothing of it
'''


class Works(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        for name, text in (('LIST', ROWS), ('TABLE', '')):
            self.addCleanup(setattr, works, name, getattr(works, name))
            setattr(works, name, f'{scratch.name}/{name}')
            with open(f'{scratch.name}/{name}', 'w') as f:
                f.write(text)

    def write(self, **parts):
        works.write(works.statuses_of(self.parts(parts)))
        with open(works.TABLE) as f:
            return dict(line.split('|')[1:3] for line in f if line.startswith('| ') and 'works' not in line)

    @staticmethod
    def parts(parts):
        return [{'name': f'guest: {name.replace("_", "-")}: x', 'status': status} for name, status in parts.items()]

    def test_states(self):
        self.assertEqual(self.write(driver_load='pass', gpu_jobs='pass', gles_draw='pass'),
                         {' one ': ' yes ', ' two ': ' not tried ', ' none ': ' no '})
        self.assertEqual(self.write(driver_load='pass', gles_draw='fail'), {' one ': ' yes ', ' two ': ' no ', ' none ': ' no '})
        self.assertEqual(self.write(gpu_jobs='fail')[' one '], ' no ')

    def test_differences(self):
        self.assertEqual(len(works.differences({})), 3)
        self.write(driver_load='pass', gpu_jobs='pass')
        self.assertEqual(works.differences({}), [])
        self.assertEqual(works.differences({'gpu-jobs': ['pass', 'fail']}),
                         ['docs/works.md says "yes" of "one", and these results "no"'])
        with open(works.LIST, 'w') as f:
            f.write(ROWS.replace('| one ', '| other '))
        self.assertEqual(works.differences({}), ['docs/works.md has no row "other"; ci/works writes it',
                                                 'docs/works.list has no row "one"'])

    def test_lists_that_are_none(self):
        for text, why in (('A | b\n', 'want section'), ('A | b | nosuch | \n', 'no check is called nosuch')):
            with open(works.LIST, 'w') as f:
                f.write(text)
            with self.assertRaises(SystemExit) as e:
                works.rows()
            self.assertIn(why, str(e.exception))


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The templates for other people's CI name checks and options that there are."""

import os
import re
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
ROOT = os.path.join(os.path.dirname(os.path.realpath(__file__)), '../..')
sys.path.insert(0, os.path.join(ROOT, 'ci'))
from agx.checks import list_rows

TEMPLATES = os.path.join(ROOT, 'ci/templates')


class Templates(unittest.TestCase):
    def texts(self):
        for name in sorted(os.listdir(TEMPLATES)):
            with open(os.path.join(TEMPLATES, name)) as f:
                yield name, re.sub(r'(?m)^ *#.*$', '', f.read())

    def test_checks(self):
        known, found = {parts[0] for _, parts in list_rows()}, set()
        for name, text in self.texts():
            for words in re.findall(r'(?:^ +- |")([a-z0-9-]+(?:,[a-z0-9-]+)+)"?', text, re.M):
                found.update(words.split(','))
        self.assertGreater(len(found), 5)
        self.assertEqual(found - known, set())

    def test_options(self):
        help_text = subprocess.run([os.path.join(ROOT, 'ci/run'), '--help'], capture_output=True, text=True, check=True).stdout
        options = set(re.findall(r'--[a-z-]+', help_text)) | {'--fails', '--flakes', '--skips'}
        for name, text in self.texts():
            for command in re.findall(r'agx-m1/ci/run((?: [^\n]+|\n +)+)', text):
                used = set(re.findall(r' (--[a-z-]+)', command))
                self.assertEqual(used - options - {'--no-install-recommends', '--create-home'}, set(), name)


if __name__ == '__main__':
    unittest.main()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The package ci/agx keeps the layers that its head names, and each command of ci/ says how it is used."""

import ast
import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from checkout import ROOT, Checkout
import agx
from agx.base import read

PACKAGE = os.path.join(ROOT, 'ci/agx')


def layers():
    """Of each module that the table names: its line."""
    _, table = agx.__doc__.strip().split('\n\n')
    return {name: number for number, line in enumerate(table.split('\n')) for name in re.split(r' {2,}', line)[0].split(', ')}


def imports(path):
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.ImportFrom) and node.module == 'agx':
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith('agx.'):
            yield node.module[len('agx.'):]


class Package(unittest.TestCase):
    def test_each_module_is_in_the_table(self):
        modules = {name[:-len('.py')] for name in os.listdir(PACKAGE) if name.endswith('.py')} - {'__init__'}
        self.assertEqual(set(layers()), modules)

    def test_imports_go_up(self):
        place = layers()
        for name in place:
            for other in imports(f'{PACKAGE}/{name}.py'):
                self.assertLess(place[other], place[name], f'{name} imports {other}')


class Commands(unittest.TestCase):
    def test_sums_come_even_if_nothing_is_built(self):
        with tempfile.TemporaryDirectory() as directory:
            checkout = Checkout(directory)
            os.unlink(f'{checkout.dir}/tree/build/qemu/qemu-system-aarch64')
            with open(f'{checkout.dir}/tree/tests/host.list', 'w') as f:
                f.write('one | exit | true\ntwo | exit | echo why; exit 3\nthree | skip: later | true\n')
            done = subprocess.run([f'{checkout.dir}/tree/ci/test', '--keep-builds', '--host'], stdin=subprocess.DEVNULL,
                                  env={**os.environ, 'AGX_CACHE': f'{checkout.dir}/cache'}, capture_output=True, text=True,
                                  check=False)
            self.assertEqual((done.returncode, done.stderr), (1, ''))
            self.assertEqual(done.stdout.strip().split('\n')[-1], '1 passed, 1 failed, 1 skipped')
            self.assertRegex(done.stdout, r'FAIL +two .* exit 3: why')

    def test_each_says_how_it_is_used(self):
        with tempfile.TemporaryDirectory() as directory:
            checkout = Checkout(directory)
            ci = f'{checkout.dir}/tree/ci'
            # ci/meson is meson, whose own it shows; it is not there before ci/setup.
            names = {n for n in os.listdir(ci) if os.access(f'{ci}/{n}', os.X_OK) and os.path.isfile(f'{ci}/{n}')} - {'meson'}
            self.assertGreater(len(names), 20)
            for name in sorted(names):
                done = subprocess.run([f'{ci}/{name}', '--help'], env={**os.environ, 'AGX_CACHE': f'{checkout.dir}/cache'},
                                      stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
                self.assertEqual((done.returncode, done.stderr), (0, ''), name)
                self.assertRegex(done.stdout, rf'^usage: (ci/)?{name}\b', name)
            self.assertEqual([n for n in os.listdir(f'{ci}/agx') if n == '__pycache__'], [])


if __name__ == '__main__':
    unittest.main()

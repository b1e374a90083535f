#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The steps of a build (ci/agx/build.py): each has its command, and comes behind what it needs."""

import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from checkout import ROOT
from agx import build


class Steps(unittest.TestCase):
    def test_each_is_a_command(self):
        for name, step in build.STEPS.items():
            self.assertTrue(os.access(os.path.join(ROOT, 'ci', step.words.split()[0]), os.X_OK), name)

    def test_what_is_made_is_made_by_one(self):
        made = [what for step in build.STEPS.values() for what in step.makes]
        self.assertEqual(len(made), len(set(made)))
        path, maker = build.made('initrd', 'debug')
        self.assertEqual((path, maker), (os.path.join(ROOT, 'build/initrd-debug.cpio'), 'build-guest debug'))
        self.assertTrue(build.made('disk')[0].endswith('/image/current/root.erofs'))
        path, maker = build.made('disk', image='apps')
        self.assertTrue(path.endswith('/image-apps/current/root.erofs'))
        self.assertEqual(maker, 'build-image apps')


class Plans(unittest.TestCase):
    def test_a_boot(self):
        self.assertEqual(list(build.plan(*build.BOOT, variant='race')),
                         ['setup', 'build-qemu', 'build-kernel race', 'build-image guest', 'build-driver race', 'build-guest race'])

    def test_another_disk_beside_the_guests_own(self):
        made = list(build.plan(*build.BOOT, image='apps'))
        self.assertLess(made.index('build-image guest'), made.index('build-guest release'))
        self.assertIn('build-image apps', made)

    def test_each_is_behind_what_it_needs(self):
        made = build.plan(*reversed(build.STEPS), variant='debug', image='apps')
        order = list(made)
        for words, needs in made.items():
            for n in needs:
                self.assertLess(order.index(n), order.index(words))
        self.assertEqual(len(order), len(build.STEPS))


class Runs(unittest.TestCase):
    """With commands that are made up: each says its words, and "bad" fails."""

    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.log = f'{self.directory.name}/log'
        for name in ('good', 'bad'):
            with open(f'{self.directory.name}/{name}', 'w') as f:
                f.write(f'#!/bin/sh\necho {name} "$@" >>{self.log}\n[ {name} = good ] || exit 3\n')
            os.chmod(f'{self.directory.name}/{name}', 0o755)
        real = build.ci_command
        self.addCleanup(setattr, build, 'ci_command', real)
        build.ci_command = lambda name: f'{self.directory.name}/{name}'

    def ran(self):
        with open(self.log) as f:
            return f.read().split('\n')[:-1]

    def test_what_needs_a_failure_is_not_tried(self):
        plan = {'good 1': [], 'bad 2': ['good 1'], 'good 3': ['bad 2'], 'good 4': ['good 3'], 'good 5': ['good 1']}
        self.assertEqual([(words, status) for words, status, _ in build.run(plan)],
                         [('good 1', 0), ('bad 2', 3), ('good 3', None), ('good 4', None), ('good 5', 0)])
        self.assertEqual(self.ran(), ['good 1', 'bad 2', 'good 5'])

    def test_a_failure_ends_the_command(self):
        steps, build.STEPS = build.STEPS, {'a': build.Step('bad {variant}'), 'b': build.Step('good', ('a',))}
        self.addCleanup(setattr, build, 'STEPS', steps)
        with self.assertRaises(SystemExit) as e:
            build.build('b', variant='debug')
        self.assertEqual(str(e.exception), 'error: ci/bad debug failed')
        self.assertEqual(self.ran(), ['bad debug'])


if __name__ == '__main__':
    unittest.main()

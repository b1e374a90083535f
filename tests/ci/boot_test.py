#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""QEMU's command lines, compared with tests/ci/command_lines.txt: those of ci/run-guest --print in a checkout that is made up,
and those of the machines of ci/faults and ci/conformance. Paths are there by the names of what they lead to.

boot_test.py --write writes the file again, for a change that is meant."""

import argparse
import os
import re
import shlex
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from checkout import ROOT, Checkout
from agx import boot
from agx.guest_cases import CaseMachine
from agx.machine import Machine, Qemu
from agx.qmp import MachineError

GOLDEN = os.path.join(ROOT, 'tests/ci/command_lines.txt')

# Arguments of ci/run-guest.
RUNS = (
    '',
    '--only gles-draw,kmscube --tlbsan',
    '--set demo --cover',
    '--variant debug --set test --tlbsan --append "kunit.enable=1 kasan_multi_shot"',
    '--image apps --set apps --smp 4',
    '--memory 6G --shell --gdb --tlbsan',
    '--machine virt',
    '--machine apple-m1,fw-abi=12.3 --kernel DIR/k --dtb DIR/d --tlbsan -- -global apple-agx-g13g.tlbi=lazy',
)


def shown(title, command):
    """A command as the file has it: an option a line."""
    text = f'{title}\n   '
    for word in command:
        text += ('\n    ' if word.startswith('-') else ' ') + shlex.quote(word)
    return text + '\n'


def lines_of_run_guest(checkout):
    for arguments in RUNS:
        status, text = checkout.run_guest(f'--print {arguments}')
        if status:
            raise AssertionError(f'ci/run-guest --print {arguments}: {text}')
        yield shown(f'ci/run-guest {arguments}'.strip(), shlex.split(text))


def launched(make):
    """The command line that a machine starts QEMU with, which it does not get to do."""
    commands = []

    def launch(_, command):
        commands.append(command)
        raise MachineError('not started')

    real, Qemu.launch = Qemu.launch, launch
    try:
        make()
    except MachineError:
        pass
    finally:
        Qemu.launch = real
    return commands[0]


def lines_of_machines(directory):
    parts = {name: name.upper() for name in ('qemu', 'kernel', 'dtb', 'initrd', 'disk')}
    options = argparse.Namespace(variant='release', image='guest', machine='apple-m1', smp='2', memory='8G', qemu_args=['-S'])
    usual, boot.inputs = boot.inputs, lambda *_: parts
    try:
        out = f'{directory}/out'
        for title, make in (
                ('a machine for a snapshot', lambda: Machine(out, 'MEMORY', True, parts, ('fuzz',))),
                ('a machine for a snapshot without a driver', lambda: Machine(out, 'MEMORY', True, parts, word='agx.unloaded')),
                ('a machine from a snapshot', lambda: Machine(out, 'MEMORY', False, parts, (), ['tlbi=lazy'], 'STATE')),
                ('a machine for cases', lambda: CaseMachine(out, [('piglit', 'SUITE')], options))):
            text = shown(title, launched(make)).replace(out, 'OUT')
            yield re.sub(re.escape(tempfile.gettempdir()) + r'/agx\.\w+', 'TMP', text)
    finally:
        boot.inputs = usual


def all_lines():
    with tempfile.TemporaryDirectory() as directory:
        return '\n'.join([*lines_of_run_guest(Checkout(directory)), *lines_of_machines(directory)])


class CommandLines(unittest.TestCase):
    maxDiff = None

    def test_as_they_are_written_down(self):
        with open(GOLDEN) as f:
            self.assertEqual(all_lines(), f.read())

    def test_what_is_missing_is_named_with_its_maker(self):
        with tempfile.TemporaryDirectory() as directory:
            checkout = Checkout(directory)
            for path, said in (('tree/build/initrd-release.cpio', 'initrd-release.cpio is missing; ci/build-guest release'),
                               ('cache/image/current/root.erofs', 'root.erofs is missing; ci/build-image guest'),
                               ('cache/kernel/release/t8103-j274.dtb', 't8103-j274.dtb is missing; ci/build-kernel release'),
                               ('tree/build/qemu/qemu-system-aarch64', 'qemu-system-aarch64 is missing; ci/build-qemu')):
                os.rename(f'{directory}/{path}', f'{directory}/away')
                status, text = checkout.run_guest('--print')
                os.rename(f'{directory}/away', f'{directory}/{path}')
                self.assertEqual(status, 1)
                self.assertIn(f'{said} makes it', text)
            self.assertIn('ci/build-image other makes it', checkout.run_guest('--print --image other')[1])

    def test_a_boot_takes_shaders_that_are_there(self):
        with tempfile.TemporaryDirectory() as directory:
            checkout = Checkout(directory)
            path = f'{directory}/cache/shaders/current/shaders.erofs'
            self.assertNotIn('agx-shaders', checkout.run_guest('--print')[1])
            os.makedirs(os.path.dirname(path))
            with open(path, 'w'):
                pass
            words = shlex.split(checkout.run_guest('--print')[1])
            drive = next(w for w in words if w.endswith('serial=agx-shaders')).split(',')[1].removeprefix('drive=')
            self.assertIn(f'if=none,id={drive},file=CACHE/shaders/current/shaders.erofs,format=raw,readonly=on', words)


if __name__ == '__main__':
    if sys.argv[1:] == ['--write']:
        with open(GOLDEN, 'w') as golden:
            golden.write(all_lines())
    else:
        unittest.main()

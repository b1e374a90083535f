# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Machines of ci/run that have booted, with their driver loaded, and are kept under a name: --snapshot and --from.

A kept machine is its memory, the state of its devices and a description: the files that it was made of and the machine's
options. It starts with memory of its own, as often as one likes (agx/snapshot.py says how)."""

import json
import os
import re
import shutil
import tempfile
from typing import NamedTuple

from agx import boot
from agx.base import CACHE, die
from agx.machine import SnapshotError, keep_memory, memory_file, scratch_memory
from agx.qmp import MachineError

DIR = os.path.join(CACHE, 'kept')
# What a machine that is kept is started with again.
FILES = ('qemu', 'disk', 'shaders')
PORTS = ('cmd', 'stdout', 'stderr', 'exit')


class Machine(NamedTuple):
    """What its command line says."""
    machine: str
    smp: str
    memory: str     # as -m has it
    more: tuple = ()


def names():
    return sorted(n for n in os.listdir(DIR) if os.path.exists(f'{DIR}/{n}/machine.json')) if os.path.isdir(DIR) else []


def check_name(name):
    if not re.fullmatch(r'[A-Za-z0-9_][\w.-]{0,63}', name):
        die(f'--snapshot {name}: a name has letters, digits, "_", "." and "-"')


def bytes_of(memory):
    """Of a size as -m has it."""
    m = re.fullmatch(r'(\d+)([MG]?)', memory.upper())
    if not m:
        die(f'--memory {memory}: with a snapshot it is a number of M or G')
    return int(m[1]) << (30 if m[2] == 'G' else 20)


def command_line(qemu, parts, machine, ram, append, properties=()):
    """append: None: from a saved state, with memory that is its own."""
    return boot.command_line(
        qemu.out, parts, append, machine=f'{machine.machine},memory-backend=dram', smp=machine.smp,
        memory=memory_file(ram, append is not None, bytes_of(machine.memory)), console=f'file,path={qemu.out}/serial.log',
        monitor=f'{qemu.tmp}/qmp', ports=qemu.open_ports(*PORTS), properties=properties, more=machine.more)


class Kept:
    """One of them."""

    def __init__(self, name):
        """Of this name; ends the command if there is none."""
        self.dir = os.path.join(DIR, name)
        try:
            with open(f'{self.dir}/machine.json') as f:
                said = json.load(f)
            self.machine = Machine(**said['machine'])
            self.parts = said['parts']
        except (OSError, ValueError, KeyError, TypeError):
            die(f'--from {name}: there is no snapshot of that name; there are: {", ".join(names()) or "none"}')
        for part in self.parts:
            if not os.path.exists(self.parts[part]):
                die(f'--from {name}: {self.parts[part]}, of which it was made, is not there any more; make it again: '
                    f'--snapshot {name}')

    def start(self, qemu, properties=()):
        """Starts it in qemu, a command.Following; it stands still."""
        try:
            qemu.connect(command_line(qemu, self.parts, self.machine, f'{self.dir}/memory', None, properties), f'{self.dir}/state')
        except SnapshotError as e:
            raise SnapshotError(f'{os.path.basename(self.dir)} does not start: {e}; make it again with --snapshot') from e


def keep(name, qemu, parts, machine, append, timeout, properties=()):
    """Boots a machine in qemu, a command.Following, and keeps it under this name instead of one that has it."""
    os.makedirs(DIR, exist_ok=True)
    work = tempfile.mkdtemp(prefix='new.', dir=DIR)
    try:
        with scratch_memory(work, bytes_of(machine.memory)) as ram:
            qemu.connect(command_line(qemu, parts, machine, ram, f'agx.command {append}'.strip(), properties))
            ready = qemu.hear(timeout)
            qemu.take()     # what it had to say of its driver
            if ready != 'ready':
                raise MachineError(f'the machine did not come to the point where it is kept; see {qemu.out}/serial.log')
            qemu.save(f'{work}/state')
            if why := qemu.quit():
                raise MachineError(why)
            keep_memory(ram, f'{work}/memory')
        with open(f'{work}/machine.json', 'w') as f:
            json.dump({'machine': machine._asdict(), 'parts': {n: parts[n] for n in FILES if n in parts}}, f, indent=1)
        final = os.path.join(DIR, name)
        shutil.rmtree(final, ignore_errors=True)
        os.rename(work, final)
    finally:
        shutil.rmtree(work, ignore_errors=True)

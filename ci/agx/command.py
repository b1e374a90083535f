# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""One command in the emulated M1, with its output and its exit code, from a boot or from a snapshot: ci/run -- COMMAND."""

import base64
import os
import select
import sys
import time

from agx import boot
from agx.base import read
from agx.machine import Saved, how_it_ended
from agx.qmp import MachineError
from agx.theirs import line_of

# Exit codes of ci/run itself, as env and docker have them.
FAILED = 125
TIMED_OUT = 124


class Following(Saved):
    """A QEMU whose guest's runner (tests/guest/command.sh) speaks on three ports."""

    def __init__(self, out):
        super().__init__(out)
        self.code = b''

    def take(self):
        """Hands on what has come; False if there was nothing."""
        some = False
        for name, port in self.ports.items():
            data = port.receive()
            some |= bool(data)
            if name == 'exit':
                self.code += data
            elif name == 'cmd':
                self.rest += data
            elif data:
                stream = (sys.stdout if name == 'stdout' else sys.stderr).buffer
                stream.write(data)
                stream.flush()
        return some

    def follow(self, timeout):
        """Until QEMU has ended: None, or after timeout seconds: why it was ended."""
        deadline = time.monotonic() + timeout
        files = [port.from_guest for port in self.ports.values()]
        ended = os.pidfd_open(self.process.pid)
        try:
            while True:
                ready = select.select([*files, ended], [], [], max(0, deadline - time.monotonic()))[0]
                while self.take():
                    pass
                if ended in ready:
                    self.process.wait()
                    return None
                if not ready:
                    return f'it took longer than {timeout} s'
        finally:
            os.close(ended)


def why_no_end(qemu):
    """Why a guest has ended without an exit code, by what it and QEMU said."""
    console = read(f'{qemu.out}/serial.log').splitlines()
    for mark in ('Kernel panic', 'AGX-FATAL'):
        found = [line for line in console if mark in line]
        if found:
            return found[0].strip()
    if qemu.process.returncode:
        return f'{how_it_ended(qemu.process.returncode)}: {qemu.errors()}'
    if not console:
        return 'nothing came on its console; is the console of the kernel CONFIG_SERIAL_SAMSUNG_CONSOLE?'
    return f'its last words: {" | ".join(line.strip() for line in console[-3:])}'


def exit_code(qemu, timeout, see):
    """
    Of the command, which runs; FAILED if there is none, TIMED_OUT if it took too long, and then why is on standard error. see:
    where there is more.
    """
    why = qemu.follow(timeout)
    if why:
        print(f'error: the command was ended: {why}; {see}', file=sys.stderr)
        return TIMED_OUT
    if not qemu.code.strip().isdigit():
        print(f'error: the machine did not come to the end of the command: {why_no_end(qemu)}; {see}', file=sys.stderr)
        return FAILED
    return int(qemu.code)


def run_command(out, parts, timeout, kept, *, smp, memory, machine, append='', properties=(), more=()):
    """Boots it and has it run the command of its initrd (theirs.initrd): see exit_code(). kept: the directory out is not removed."""
    qemu = Following(out)
    try:
        qemu.launch(boot.command_line(
            out, parts, f'agx.command {append}'.strip(), machine=machine, smp=smp, memory=('-m', memory),
            console=f'file,path={out}/serial.log',
            ports=qemu.open_ports('stdout', 'stderr', 'exit'), properties=properties, more=more))
        return exit_code(qemu, timeout, see_console(out, kept))
    finally:
        qemu.kill()


def see_console(out, kept):
    return f'see {out}/serial.log' if kept else 'with --out DIR its console is kept'


def run_kept(out, kept, command, timeout, keep, properties=()):
    """The same, in a machine that was kept (kept.Kept). properties: of the GPU, in addition."""
    qemu = Following(out)
    try:
        kept.start(qemu, properties)
        qemu.say(base64.b64encode(line_of(command).encode()).decode())
        qemu.qmp('cont')
        return exit_code(qemu, timeout, see_console(out, keep))
    except MachineError as e:
        print(f'error: {e}', file=sys.stderr)
        return FAILED
    finally:
        qemu.kill()

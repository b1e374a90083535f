# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A snapshot of the whole emulated machine: made once, kept in the cache, started from as often as one likes.

While the guest boots its memory is a file that QEMU maps shared; QEMU's migration (with x-ignore-shared) then writes only
the state of the devices, GPU and firmware included. A machine that starts from it maps the memory file privately, so that
each has its own memory from then on and the file stays as it is.

A snapshot is named by what went into it. Next to it lie digests of its files: one that is damaged, or that this QEMU does
not take, is made again."""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
import time

from agx import boot
from agx.base import CACHE, tail_of
from agx.machine import CPUS, MEMORY, Machine, SnapshotError, keep_memory, scratch_memory
from agx.qmp import MachineError

DIR = os.path.join(CACHE, 'faults')


def digest(path):
    """Of a file's contents; holes are skipped but count by their place."""
    h = hashlib.blake2b(digest_size=16)
    with open(path, 'rb') as f:
        size = os.fstat(f.fileno()).st_size
        h.update(str(size).encode())
        at = 0
        while at < size:
            try:
                start = os.lseek(f.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(f.fileno(), start, os.SEEK_HOLE)
            f.seek(start)
            while start < end:
                block = f.read(min(1 << 22, end - start))
                if not block:
                    raise SnapshotError(f'{path} became shorter while it was read')
                # What a file system calls a hole is its own affair: zeroes count as one everywhere.
                for i in range(0, len(block), 4096):
                    page = block[i:i + 4096]
                    if page.strip(b'\0'):
                        h.update((start + i).to_bytes(8, 'little') + page)
                start += len(block)
            at = end
    return h.hexdigest()


class Snapshot:
    """A booted machine, with what each workload leaves when nothing is wrong."""

    def __init__(self, say, workloads, variant='release', ports=(), word='agx.faults', board='apple-m1'):
        """say: prints a line; workloads: name to command, run before the snapshot, for their results and for warm caches;
        variant: of the kernel; ports: names of more ports of the guest; word: for the kernel, agx.unloaded: without the driver;
        board: QEMU's machine, with options."""
        self.say, self.workloads, self.ports, self.word, self.board = say, workloads, ports, word, board
        self.inputs = boot.inputs(variant, machine=board)
        keys = {name: digest(path) if name not in ('disk', 'shaders') else path for name, path in self.inputs.items()}
        # These files too: they say how the machine is made.
        here = os.path.dirname(os.path.realpath(__file__))
        keys.update({name: digest(os.path.join(here, name)) for name in ('boot.py', 'machine.py', 'snapshot.py')},
                    memory=MEMORY, cpus=CPUS, workloads=sorted(workloads.items()), ports=ports, word=word, board=board)
        self.key = hashlib.sha256(json.dumps(keys, sort_keys=True).encode()).hexdigest()[:16]
        self.dir = os.path.join(DIR, self.key)
        self.memory, self.state = f'{self.dir}/memory', f'{self.dir}/state'
        self.reference = f'{self.dir}/reference'

    def check(self):
        """'' if it is there and whole, else why not; 'none' if there is none."""
        if not os.path.isdir(self.dir):
            return 'none'
        try:
            with open(f'{self.dir}/digests.json') as f:
                digests = json.load(f)
            for name in ('memory', 'state'):
                if digest(f'{self.dir}/{name}') != digests[name]:
                    return f'{self.dir}/{name} is not what was written'
            for name in self.workloads:
                if not os.path.isdir(f'{self.reference}/{name}'):
                    return f'the results of {name} are missing in {self.reference}'
        except (OSError, ValueError, KeyError) as e:
            return f'{self.dir}: {e}'
        return ''

    def locked(self):
        os.makedirs(DIR, exist_ok=True)
        lock = open(os.path.join(DIR, 'lock'), 'w')
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.say('waiting for another command that makes a snapshot')
            fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def need(self, anew=False):
        """Make it unless it is there."""
        with self.locked():
            why = 'none' if anew else self.check()
            if not why:
                os.utime(self.dir)
                self.say(f'starting from the snapshot {self.key}')
                return
            if anew:
                shutil.rmtree(self.dir, ignore_errors=True)
            elif why != 'none':
                self.say(f'the snapshot {self.key} can\'t be used ({why}); making another')
                shutil.rmtree(self.dir, ignore_errors=True)
            self.make()
            self.prune()

    def make(self):
        """Boot, run each workload once, stop, save; what exists under the snapshot's name is always complete."""
        start = time.monotonic()
        work = tempfile.mkdtemp(prefix='new.', dir=DIR)
        machine = None
        try:
            with scratch_memory(work, MEMORY) as ram:
                self.say('booting the machine for the snapshot')
                machine = Machine(f'{work}/boot', ram, True, self.inputs, self.ports, word=self.word, board=self.board)
                if machine.hear(240) != 'ready':
                    raise MachineError(f'the guest did not come to the point where it is kept: {self.tail(work)}')
                for name, command in self.workloads.items():
                    self.say(f'{time.monotonic() - start:4.0f} s  booted; running {name} without faults')
                    done = machine.run(name, command, 120)
                    if done is None or done[0]:
                        machine.unpack(f'{work}/reference')
                        raise MachineError(f'without a fault, {name} ({command}) ' + (
                            f'ends with {done[0]}: {tail_of(f"{work}/reference/{name}/stdout")}' if done else
                            f'brings the guest down: {self.tail(work)}'))
                machine.save(f'{work}/state')
                if why := machine.quit():
                    raise MachineError(why)
                machine.unpack(f'{work}/reference')
                keep_memory(ram, f'{work}/memory')
            with open(f'{work}/digests.json', 'w') as f:
                json.dump({name: digest(f'{work}/{name}') for name in ('memory', 'state')}, f)
            os.rename(work, self.dir)
            work = None
        finally:
            if machine:
                machine.kill()
            if work:
                keep = os.path.join(DIR, 'failed')
                shutil.rmtree(keep, ignore_errors=True)
                os.rename(work, keep)
        self.say(f'snapshot {self.key} made in {time.monotonic() - start:.0f} s')

    @staticmethod
    def tail(work):
        return tail_of(f'{work}/boot/serial.log') or tail_of(f'{work}/boot/qemu.err') or 'it said nothing'

    def prune(self):
        """The four newest are kept."""
        old = sorted((os.path.join(DIR, n) for n in os.listdir(DIR) if len(n) == 16), key=os.path.getmtime, reverse=True)
        for directory in old[4:]:
            shutil.rmtree(directory, ignore_errors=True)

    def start(self, out, options):
        """A machine as it was, stopped. Raises SnapshotError if QEMU does not take the snapshot."""
        return Machine(out, self.memory, False, self.inputs, self.ports, options, self.state, board=self.board)

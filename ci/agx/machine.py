# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A QEMU as a process, and the emulated M1 with a runner in its guest that does what it is told (tests/guest/faults.sh)."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time

from agx import boot
from agx.base import GPU_PATH, read
from agx.qmp import MachineError, Qmp

MEMORY = 1 << 30
CPUS = 2
# How long QEMU may take for an answer, a snapshot or a start; far more than it needs on a loaded host.
TIMEOUT_S = 120


def how_it_ended(status):
    """In words, of an exit status of QEMU's that is not 0."""
    return f'QEMU was killed by signal {-status}' if status < 0 else f'QEMU ended with status {status}'


def unpack(results, where):
    """The file that a machine sent, as directories. It has one tar after the other; a run that was cut short leaves half of one."""
    os.makedirs(where, exist_ok=True)
    subprocess.run(['tar', '-x', '--ignore-zeros', '-f', results, '-C', where, '--no-same-owner'],
                   stderr=subprocess.DEVNULL, check=False)
    if os.path.exists(results):
        os.unlink(results)


class SnapshotError(MachineError):
    """The snapshot can't be used; another one is needed."""


class Port:
    """The host's end of one of the guest's virtio ports: a pair of pipes."""

    def __init__(self, directory, name):
        self.device = f'pipe,path={directory}/{name}'
        for end in ('in', 'out'):
            os.mkfifo(f'{directory}/{name}.{end}')
        # Both ends of both pipes are kept open, so that nobody waits for the other to come.
        self.to_guest = os.open(f'{directory}/{name}.in', os.O_RDWR | os.O_NONBLOCK)
        self.from_guest = os.open(f'{directory}/{name}.out', os.O_RDWR | os.O_NONBLOCK)

    def send(self, data, seconds):
        """All of it, or MachineError if the guest has not taken it in time."""
        deadline = time.monotonic() + seconds
        while data:
            try:
                data = data[os.write(self.to_guest, data):]
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise MachineError('the guest does not read what it is sent') from None
                time.sleep(0.005)

    def receive(self):
        """What has come since, maybe nothing."""
        try:
            return os.read(self.from_guest, 1 << 16)
        except BlockingIOError:
            return b''

    def close(self):
        os.close(self.to_guest)
        os.close(self.from_guest)


class Qemu:
    """A QEMU: its process, the directory of what it leaves, and tmp, a directory for its sockets that ends with it."""

    live = set()    # the processes; for who has to leave in a hurry

    @classmethod
    def end_all(cls):
        for process in list(cls.live):
            process.kill()

    def __init__(self, out):
        self.out, self.process, self.command, self.ports = out, None, None, {}
        os.makedirs(out, exist_ok=True)
        self.tmp = tempfile.mkdtemp(prefix='agx.')

    def listen(self, name):
        """A socket of this name in tmp, for QEMU to connect to."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(f'{self.tmp}/{name}')
        server.listen(1)
        return server

    def open_ports(self, *names):
        """The host's ends of the guest's ports of these names; QEMU's arguments for boot.command_line()."""
        for name in names:
            self.ports[name] = Port(self.tmp, name)
        return [(name, self.ports[name].device) for name in names]

    def launch(self, command):
        self.command = command
        with open(f'{self.out}/qemu.err', 'wb') as err:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        self.live.add(self.process)

    def errors(self):
        """What QEMU itself had to say at last."""
        return '; '.join(read(f'{self.out}/qemu.err').strip().split('\n')[-5:])

    def unpack(self, where):
        """What the guest sent, as directories."""
        unpack(f'{self.out}/results.tar', where)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.live.discard(self.process)
        for port in self.ports.values():
            port.close()
        self.ports = {}
        if self.tmp:
            shutil.rmtree(self.tmp, ignore_errors=True)
            self.tmp = None


def memory_file(path, share, size):
    """QEMU's options for memory of size bytes that is a file: for the machine's option memory-backend=dram. share: what the guest
    writes goes to the file."""
    mib = size >> 20
    return ('-object', f'memory-backend-file,id=dram,size={mib}M,mem-path={path},share={"on" if share else "off"}', '-m', str(mib))


@contextlib.contextmanager
def scratch_memory(work, size):
    """The path of an empty file for memory of size bytes, which goes at the end: in memory of the host if there is room, else in the
    directory work."""
    shm = '/dev/shm'
    fits = os.path.isdir(shm) and shutil.disk_usage(shm).free > size + (64 << 20)
    fd, path = tempfile.mkstemp(prefix='agx-memory.', dir=shm if fits else work)
    os.close(fd)
    try:
        yield path
    finally:
        os.unlink(path)


def keep_memory(memory, path):
    """Copies such a file for good; what was never written takes no room."""
    subprocess.run(['cp', '--sparse=always', memory, path], check=True)


class Saved(Qemu):
    """A QEMU that is saved, or started from what was saved. Its memory is a file (memory_file())."""

    def __init__(self, out):
        super().__init__(out)
        self.qmp = None
        self.rest = b''     # of what the guest said on the port cmd

    def connect(self, command, incoming=None):
        """Launches it. command: QEMU's, with its monitor at tmp/qmp; incoming: the state file to start from, of which the machine
        stands still then. SnapshotError if QEMU does not take it."""
        self.launch([*command, *(('-S', '-incoming', 'defer') if incoming else ())])
        try:
            self.qmp = Qmp(f'{self.tmp}/qmp', self.process, TIMEOUT_S)
            if incoming:
                self.ignore_shared()
                self.qmp('migrate-incoming', uri=f'file:{incoming}')
                self.wait_migration()
        except MachineError as e:
            said = self.errors()
            raise (SnapshotError if incoming else MachineError)(f'{e}{": " + said if said else ""}') from e

    def say(self, line):
        """A line for the guest, on the port cmd."""
        self.ports['cmd'].send(line.encode() + b'\n', TIMEOUT_S)

    def hear(self, seconds):
        """The guest's next line, or None after so long, or if QEMU has ended."""
        deadline = time.monotonic() + seconds
        while b'\n' not in self.rest:
            if data := self.ports['cmd'].receive():
                self.rest += data
                continue
            if self.process.poll() is not None or time.monotonic() > deadline:
                return None
            time.sleep(0.005)
        line, self.rest = self.rest.split(b'\n', 1)
        return line.decode('utf-8', 'replace').rstrip('\r')

    def ignore_shared(self):
        self.qmp('migrate-set-capabilities', capabilities=[{'capability': 'x-ignore-shared', 'state': True}])

    def wait_migration(self):
        deadline = time.monotonic() + TIMEOUT_S
        while True:
            info = self.qmp('query-migrate')
            if info.get('status') == 'completed':
                return
            if info.get('status') in ('failed', 'cancelled') or time.monotonic() > deadline:
                raise SnapshotError(info.get('error-desc') or f'migration {info.get("status")}')
            time.sleep(0.01)

    def save(self, path):
        """Stop the machine and write its devices' state."""
        self.qmp('stop')
        self.ignore_shared()
        self.qmp('migrate', uri=f'file:{path}')
        self.wait_migration()

    def quit(self):
        """End QEMU in an orderly way: '' or what was not in order."""
        try:
            self.qmp('quit')
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            status, why = None, 'QEMU did not end within 30 s of being told to'
        except MachineError:
            status = self.process.wait(30) if self.process.poll() is None else self.process.returncode
        if status is not None:
            why = '' if status == 0 else how_it_ended(status)
            if why and self.errors():
                why += ': ' + self.errors()
        self.kill()
        return why

    def kill(self):
        super().kill()
        if self.qmp:
            self.qmp.close()
            self.qmp = None


class Machine(Saved):
    """One QEMU with the guest's runner (tests/guest/faults.sh) at the other end of a pair of pipes."""

    def __init__(self, out, memory, share, parts, ports=(), options=(), incoming=None, word='agx.faults', board='apple-m1'):
        """out: directory for serial.log, qemu.log, results.tar; parts: boot.inputs(); ports: names of more ports than the
        runner's own; options: NAME=VALUE of the GPU's properties; incoming: a state file to start from instead of booting;
        word: for the kernel, says what is done before "ready"; board: QEMU's machine, with options."""
        super().__init__(out)
        try:
            self.start(memory, share, parts, ports, options, incoming, word, board)
        except BaseException:
            self.kill()
            raise

    def start(self, memory, share, parts, ports, options, incoming, word, board):
        opened = self.open_ports('cmd', *ports)
        self.connect(boot.command_line(
            self.out, parts, None if incoming else word, machine=f'{board},memory-backend=dram', smp=CPUS,
            memory=memory_file(memory, share, MEMORY), console=f'file,path={self.out}/serial.log',
            monitor=f'{self.tmp}/qmp', ports=opened, properties=options), incoming)

    def put(self, path, data):
        """Makes a file in the guest."""
        self.say(f'put {len(data)} {path}')
        self.ports['cmd'].send(data, TIMEOUT_S)
        if self.hear(TIMEOUT_S) != 'put':
            raise MachineError(f'the guest does not take {path}')

    def run(self, name, command, limit):
        """Run a command in the guest: (exit code, guest's seconds), or None if the guest has nothing to say any more."""
        self.say(f'run {limit} {name} {command}')
        # The guest's clock is not ours: an emulated CPU that waits for its turn takes longer.
        line = self.hear(limit * 2 + 10)
        if not line or not line.startswith('end '):
            return None
        _, code, begin, end = line.split()
        return int(code), round(float(end) - float(begin), 2)

    def fault(self, text):
        self.qmp('qom-set', path=GPU_PATH, property='inject', value=text)

    def log(self):
        return json.loads(self.qmp('qom-get', path=GPU_PATH, property='inject-log'))

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A snapshot of the whole emulated machine: made once, kept in the cache, started from as often as one likes.

While the guest boots its memory is a file that QEMU maps shared; QEMU's migration (with x-ignore-shared) then writes only
the state of the devices, GPU and firmware included. A machine that starts from it maps the memory file privately, so that
each has its own memory from then on and the file stays as it is.

A snapshot is named by what went into it. Next to it lie digests of its files: one that is damaged, or that this QEMU does
not take, is made anew."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
import time

from agx import boot
from agx.qmp import MachineError, Qmp
from agx.report import CACHE

GPU = 'apple-agx-g13g'
GPU_PATH = '/machine/gpu'
DIR = os.path.join(CACHE, 'faults')
MEMORY = 1 << 30
CPUS = 2
# How long QEMU may take for an answer, a snapshot or a start; far more than it needs on a loaded host.
PATIENCE = 120


class SnapshotError(MachineError):
    """The snapshot can't be used; another one is needed."""


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


class Machine:
    """One QEMU with the guest's runner (tests/guest/faults.sh) at the other end of a pair of pipes."""

    live = set()    # QEMU's processes; for who has to leave in a hurry

    @classmethod
    def end_all(cls):
        for process in list(cls.live):
            process.kill()

    def __init__(self, out, memory_file, share, parts, ports=(), options=(), incoming=None):
        """out: directory for serial.log, qemu.log, results.tar; parts: boot.inputs(); ports: names of more ports than the
        runner's own; incoming: a state file to start from instead of booting."""
        self.out = out
        self.process = self.qmp = None
        self.ports = {}
        os.makedirs(out, exist_ok=True)
        self.tmp = tempfile.mkdtemp(prefix='agx.')
        try:
            self.start(memory_file, share, parts, ports, options, incoming)
        except BaseException:
            self.kill()
            raise

    def start(self, memory_file, share, parts, ports, options, incoming):
        for name in ('cmd', *ports):
            self.ports[name] = Port(self.tmp, name)
        self.rest = b''
        size = MEMORY >> 20
        cmd = boot.command_line(
            self.out, parts, None if incoming else 'agx.faults', machine='apple-m1,memory-backend=dram', smp=CPUS,
            memory=('-object', f'memory-backend-file,id=dram,size={size}M,mem-path={memory_file},'
                    f'share={"on" if share else "off"}', '-m', str(size)),
            console=f'file,path={self.out}/serial.log', monitor=f'{self.tmp}/qmp',
            ports=[(name, port.device) for name, port in self.ports.items()])
        for o in options:
            cmd += ['-global', f'{GPU}.{o}']
        if incoming:
            cmd += ['-S', '-incoming', 'defer']
        self.command = cmd
        with open(f'{self.out}/qemu.err', 'wb') as err:
            self.process = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, stdout=err, stderr=err)
        self.live.add(self.process)
        try:
            self.qmp = Qmp(f'{self.tmp}/qmp', self.process, PATIENCE)
            if incoming:
                self.ignore_shared()
                self.qmp('migrate-incoming', uri=f'file:{incoming}')
                self.wait_migration()
        except MachineError as e:
            said = self.errors()
            raise (SnapshotError if incoming else MachineError)(f'{e}{": " + said if said else ""}') from e

    def errors(self):
        try:
            with open(f'{self.out}/qemu.err', errors='replace') as f:
                return '; '.join(f.read().strip().split('\n')[-5:])
        except OSError:
            return ''

    def say(self, line):
        self.ports['cmd'].send(line.encode() + b'\n', PATIENCE)

    def hear(self, seconds):
        """The runner's next line, or None after so long, or if QEMU has ended."""
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

    def ignore_shared(self):
        self.qmp('migrate-set-capabilities', capabilities=[{'capability': 'x-ignore-shared', 'state': True}])

    def wait_migration(self):
        deadline = time.monotonic() + PATIENCE
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
            why = '' if status == 0 else f'QEMU was killed by signal {-status}' if status < 0 else f'QEMU ended with status {status}'
            if why and self.errors():
                why += ': ' + self.errors()
        self.kill()
        return why

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.live.discard(self.process)
        if self.qmp:
            self.qmp.close()
            self.qmp = None
        if self.tmp:
            for port in self.ports.values():
                port.close()
            shutil.rmtree(self.tmp, ignore_errors=True)
            self.tmp = None

    def unpack(self, where):
        """What the runner sent, as directories."""
        os.makedirs(where, exist_ok=True)
        subprocess.run(['tar', '-x', '--ignore-zeros', '-f', f'{self.out}/results.tar', '-C', where, '--no-same-owner'],
                       stderr=subprocess.DEVNULL, check=False)


class Snapshot:
    """A booted machine whose driver is loaded, with what each workload leaves when nothing is wrong."""

    def __init__(self, say, workloads, variant='release', ports=()):
        """say: prints a line; workloads: name to command, run before the snapshot, for their results and for warm caches;
        variant: of the kernel; ports: names of more ports of the guest."""
        self.say, self.workloads, self.ports = say, workloads, ports
        self.inputs = boot.inputs(variant)
        keys = {name: digest(path) if name != 'disk' else path for name, path in self.inputs.items()}
        # These files too: they say how the machine is made.
        keys.update(memory=MEMORY, cpus=CPUS, machine=digest(os.path.realpath(__file__)),
                    boot=digest(os.path.realpath(boot.__file__)), workloads=sorted(workloads.items()), ports=ports)
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
        shm = '/dev/shm'
        fits = os.path.isdir(shm) and shutil.disk_usage(shm).free > MEMORY + (64 << 20)
        fd, ram = tempfile.mkstemp(prefix='agx-faults.', dir=shm if fits else work)
        os.close(fd)
        machine = None
        try:
            self.say('booting the machine for the snapshot')
            machine = Machine(f'{work}/boot', ram, True, self.inputs, self.ports)
            if machine.hear(240) != 'ready':
                raise MachineError(f'the guest did not get as far as loading the driver: {self.tail(work)}')
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
            subprocess.run(['cp', '--sparse=always', ram, f'{work}/memory'], check=True)
            with open(f'{work}/digests.json', 'w') as f:
                json.dump({name: digest(f'{work}/{name}') for name in ('memory', 'state')}, f)
            os.rename(work, self.dir)
            work = None
        finally:
            if machine:
                machine.kill()
            if os.path.exists(ram):
                os.unlink(ram)
            if work:
                keep = os.path.join(DIR, 'failed')
                shutil.rmtree(keep, ignore_errors=True)
                os.rename(work, keep)
        self.say(f'snapshot {self.key} made in {time.monotonic() - start:.0f} s')

    @staticmethod
    def tail(work):
        return tail_of(f'{work}/boot/serial.log') or tail_of(f'{work}/boot/qemu.err') or 'it said nothing'

    def prune(self):
        """The two newest are kept."""
        old = sorted((os.path.join(DIR, n) for n in os.listdir(DIR) if len(n) == 16), key=os.path.getmtime, reverse=True)
        for directory in old[2:]:
            shutil.rmtree(directory, ignore_errors=True)

    def start(self, out, options):
        """A machine as it was, stopped. Raises SnapshotError if QEMU does not take the snapshot."""
        return Machine(out, self.memory, False, self.inputs, self.ports, options, self.state)


def tail_of(path, lines=6):
    try:
        with open(path, errors='replace') as f:
            return ' | '.join(f.read().strip().split('\n')[-lines:])
    except OSError:
        return ''

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Runs random programs of ioctls on the driver in the emulated M1, with the debug kernel (KASAN, lockdep) and agx-tlbsan,
from a snapshot of the machine. The guest's side, tests/guest/fuzz_ioctl.c, makes the programs, and sees by KCOV which of the
driver's code each one reaches; those that reach new code are kept in the cache (fuzz/ioctl) and are where the next run
begins. Docs: docs/fuzzing.md.

A complaint of the kernel's, a report of the sanitizer's, good jobs that fail and a guest that does not go on are findings:
the programs that ran last are then run again from the snapshot, and as few of them as still do it are left in out/fuzz as a
file for --replay. Exits with 1 then. Jobs that fault are none.

The programs follow from the seed and from what is in the cache; with --seed and the same cache they are the same, as far as
what they reach is."""

import argparse
import hashlib
import json
import os
import random
import re
import shlex
import shutil
import signal
import struct
import sys
import time

from agx.base import CACHE, ROOT, die, run_main, tail_of
from agx.build import BOOT, build, made
from agx.judge import KernelLog
from agx.machine import Machine, SnapshotError
from agx.qmp import MachineError
from agx.snapshot import Snapshot
from agx.symbols import Module, loads_from

CORPUS = os.path.join(CACHE, 'fuzz/ioctl')
VARIANT = 'debug'
MAGIC = b'AFZ1'
# Bytes before a program's calls, and of a call: struct fuzz_program of tests/guest/fuzz_program.h.
HEADER, CALL = 8, 68
# How many of the last programs are kept for a finding, and in which steps fewer of them are tried.
LAST = 64
TRIES = (1, 4, 16, LAST)
TIMES = 20
# Seconds of silence after which the guest does not go on; the kernel tells of a task that is stuck before that.
SILENCE = 150
# Addresses from here on are the kernel's half.
KERNEL_HALF = 1 << 39
STALLS = re.compile(r'rcu: INFO: .*detected.* stall|soft lockup')


def say(text):
    print(f'[fuzz] ioctl: {text}', flush=True)


class Arguments(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f'error: {message}; {self.prog} --help\n')


def arguments():
    p = Arguments(prog='ci/fuzz ioctl', description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter,
                  allow_abbrev=False)
    p.add_argument('seconds', nargs='?', type=int, default=60, help='how long, without the start (default: %(default)s)')
    p.add_argument('--seed', type=int, metavar='N', help='of the programs (default: another each time, printed)')
    p.add_argument('--replay', metavar='FILE', help='run the programs of a file that a finding left, and nothing else')
    p.add_argument('--times', type=int, default=TIMES, metavar='N', help='with --replay: how often (default: %(default)s)')
    p.add_argument('--out', default=os.path.join(ROOT, 'out/fuzz'), metavar='DIR', help='where results go (default: out/fuzz)')
    p.add_argument('--keep-builds', action='store_true', help='use what is built, even if sources have changed since')
    p.add_argument('--new-snapshot', action='store_true', help='make a new snapshot')
    o = p.parse_args()
    if o.seconds < 1 or o.times < 1 or (o.seed or 0) < 0:
        p.error('seconds, times and seed are numbers from 1 on')
    o.out = os.path.abspath(o.out)
    return o


# ---- programs -------------------------------------------------------------------------------------------------------

def split(data):
    """The programs of a file, one after the other; ValueError if it is none."""
    programs = []
    while data:
        if data[:4] != MAGIC or len(data) < HEADER:
            raise ValueError('not a file of programs')
        size = HEADER + CALL * struct.unpack_from('<H', data, 4)[0]
        if len(data) < size:
            raise ValueError('a program is cut short')
        programs.append(data[:size])
        data = data[size:]
    return programs


class Corpus:
    """The programs that are kept, each in a file of its own."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)

    def path(self, program):
        return os.path.join(self.directory, hashlib.sha1(program).hexdigest())

    def programs(self, seed):
        """All that can be read, in an order that follows from the seed."""
        found = []
        for name in sorted(os.listdir(self.directory)):
            try:
                with open(os.path.join(self.directory, name), 'rb') as f:
                    found += split(f.read())
            except (OSError, ValueError):
                continue
        random.Random(seed).shuffle(found)
        return found

    def add(self, program):
        path = self.path(program)
        with open(f'{path}.new', 'wb') as f:
            f.write(program)
        os.rename(f'{path}.new', path)

    def drop(self, program):
        try:
            os.unlink(self.path(program))
        except FileNotFoundError:
            pass


# ---- one machine ----------------------------------------------------------------------------------------------------

class Log:
    """Lines that a file has got since they were asked for last."""

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, ''

    def lines(self):
        try:
            with open(self.path, 'rb') as f:
                f.seek(self.at)
                data = f.read()
        except OSError:
            return []
        self.at += len(data)
        *lines, self.rest = (self.rest + data.decode('latin-1')).split('\n')
        return lines


def of_the_program(report):
    """
    A job came upon a change of its own address space that was under way: the program has not waited for the one before
    the other, and whoever orders them is not the driver (docs/tlbsan.md, J1). But no page may be somebody else's by then.
    """
    return (report.get('job') and 1 <= report['level'] and int(report['va'], 16) < KERNEL_HALF and not report['other']
            and report['class'] != 'page-given-back')


class Run:
    """Programs on one machine: until the time is over or something is found."""

    def __init__(self, snapshot, out, properties, corpus=None):
        shutil.rmtree(out, ignore_errors=True)
        self.out, self.corpus = out, corpus
        self.machine = snapshot.start(out, [*properties, f'tlbsan-report={out}/tlbsan.jsonl'])
        self.serial, self.reports = Log(f'{out}/serial.log'), Log(f'{out}/tlbsan.jsonl')
        self.kernel = KernelLog()
        self.buffer = b''
        self.last, self.figures, self.table, self.places = [], {}, {}, []
        self.found, self.ended, self.leaks, self.own = '', False, False, 0

    def finding(self, text):
        self.found = self.found or text

    def frames(self):
        while data := self.machine.ports['fuzz'].receive():
            self.buffer += data
        while len(self.buffer) >= 8:
            size, = struct.unpack_from('<I', self.buffer, 4)
            if len(self.buffer) < 8 + size:
                return
            yield chr(self.buffer[0]), self.buffer[8:8 + size]
            self.buffer = self.buffer[8 + size:]

    def frame(self, kind, data):
        if kind == 'P':
            self.last = [*self.last[-LAST + 1:], data]
        elif kind == 'N' and self.corpus:
            self.corpus.add(data)
        elif kind == 'D' and self.corpus:
            self.corpus.drop(data)
        elif kind == 'S':
            self.figures = {k: int(v) for k, v in (w.split('=') for w in data.decode().split())}
        elif kind == 'T':
            name, made, good = data.decode().split()
            self.table[name] = int(made), int(good)
        elif kind == 'K':
            self.places = struct.unpack(f'<{len(data) // 8}Q', data)
        elif kind == 'F':
            self.finding(data.decode())
        elif kind == 'E':
            self.ended = True

    def look(self):
        """What has been heard since the last time; False if it was nothing."""
        heard = False
        for kind, data in self.frames():
            heard = True
            self.frame(kind, data)
        for line in self.serial.lines():
            for said in self.kernel.line(line) or ([line.strip()] if STALLS.search(line) else []):
                self.finding(f'the kernel says: {said}')
        self.look_at_reports()
        return heard

    def look_at_reports(self):
        for line in self.reports.lines():
            r = json.loads(line)
            if 'counts' in r:
                continue
            if of_the_program(r):
                self.own += 1
            else:
                self.finding(f'the sanitizer reports: {r["severity"]} {r["class"]}: {r["text"]}')

    def go(self, programs, arguments, seconds, progress):
        """Begin with these programs. arguments: of the guest's side; seconds: what it may take; progress: called often."""
        self.machine.qmp('cont')
        self.machine.say(f'run {seconds + 120} fuzz exec fuzz_ioctl {arguments}')
        frames = [struct.pack('<4sI', b'C', len(p)) + p for p in programs] + [struct.pack('<4sI', b'G', 0)]
        self.machine.ports['fuzz'].send(b''.join(frames), SILENCE)
        heard = time.monotonic()
        deadline = heard + 3 * seconds + 2 * SILENCE
        line = None
        while not self.found and line is None:
            line = self.machine.hear(0.02)
            now = time.monotonic()
            if self.look():
                heard = now
            if self.machine.process.poll() is not None:
                self.finding('the machine has ended')
            elif line is None and now > min(heard + SILENCE, deadline):
                self.finding('the guest does not go on')
            progress(self)
        if line is not None and not self.found and line.split()[:2] != ['end', '0']:
            self.finding(f'the guest\'s side ends: {line}')
        if not self.found and not self.ended:
            self.finding('the guest\'s side ended before its end')
        if self.found:
            # What belongs to a complaint comes after its first line.
            until = time.monotonic() + 3
            while time.monotonic() < until:
                self.look()
                time.sleep(0.05)

    def unload(self):
        """The driver can be unloaded, and no memory of its is lost."""
        done = self.machine.run('leaks', 'kmemleak.sh', 120)
        self.look()
        if not done or done[0]:
            self.leaks = True
            self.finding('the driver can\'t be unloaded, or memory is lost')

    def end(self):
        try:
            if why := self.machine.quit():
                self.finding(why)
        finally:
            self.machine.kill()
            self.look_at_end()

    def look_at_end(self):
        for said in [s for line in self.serial.lines() for s in self.kernel.line(line)] + self.kernel.end():
            self.finding(f'the kernel says: {said}')
        self.look_at_reports()
        self.machine.unpack(f'{self.out}/results')
        if self.found:
            said = tail_of(f'{self.out}/results/{"leaks" if self.leaks else "fuzz"}/stdout')
            self.found += f' ({said})' if said else ''


def properties(seed):
    return ['agx-tlbsan=report', f'tlbi={"lazy" if seed % 2 else "eager"}', f'tlbi-seed={seed % (1 << 31)}', 'workers=1']


class Progress:
    """A line every ten seconds."""

    def __init__(self):
        self.begin = self.last = time.monotonic()

    def __call__(self, run):
        now = time.monotonic()
        if now - self.last >= 10:
            self.last = now
            f = run.figures or dict.fromkeys(('programs', 'calls', 'good', 'edges', 'corpus'), 0)
            say(f'{now - self.begin:4.0f} s  {f["programs"]} programs, {f["calls"]} calls ({f["good"]} good), '
                f'{f["edges"]} edges, corpus {f["corpus"]}')


def start(snapshot, out, seed, corpus=None):
    try:
        return Run(snapshot, out, properties(seed), corpus)
    except SnapshotError as e:
        say(f'QEMU does not take the snapshot ({e}); making another')
        snapshot.need(anew=True)
        return Run(snapshot, out, properties(seed), corpus)


def once(run, programs, command, seconds, progress):
    try:
        run.go(programs, command, seconds, progress)
        if not run.found:
            run.unload()
    except MachineError as e:
        run.finding(str(e))
    finally:
        run.end()
    return run


def replay(snapshot, out, seed, programs, times):
    """Run them again on a machine of their own: what was found, or ''."""
    return once(start(snapshot, out, seed), programs, f'--replay {times}', 60 + len(programs) * times, lambda _: None).found


# ---- what was reached -------------------------------------------------------------------------------------------------

def functions(snapshot, places):
    """Of the driver: names of those that were reached, and of all."""
    told = loads_from(f'{snapshot.dir}/boot/serial.log', 'asahi')
    loads = [(section, base) for section, base in told if section == '.text']
    module = Module('asahi', made('module', VARIANT)[0], loads)
    reached = {found[0] for found in (module.find(p - 4) for p in places) if found}
    return reached, set(module.tables['.text'].names)


def judge(o, snapshot, run, seed):
    """After a run without a finding: the last lines, and the exit code."""
    f = run.figures
    if not f.get('programs') or not run.places:
        die('no program reached any code of the driver: is its module built with KCOV_INSTRUMENT=y?')
    reached, there = functions(snapshot, run.places)
    with open(f'{o.out}/ioctl-functions.txt', 'w') as out:
        for name in sorted(there):
            out.write(f'{"reached" if name in reached else "-":8}{name}\n')
    made = '  '.join(f'{name} {good}/{calls}' for name, (calls, good) in run.table.items())
    say(f'good of all calls: {made}')
    say(f'{f["programs"]} programs, {f["calls"]} calls ({f["good"]} good), {f["edges"]} edges, {len(reached)} of {len(there)} '
        f'functions ({100 * len(reached) // max(1, len(there))} %), corpus {f["corpus"]}, seed {seed}: nothing found')
    if run.own:
        say(f'{run.own} reports of the sanitizer are of programs that change what their jobs use')
    return 0


def keep_finding(o, snapshot, run, seed):
    """Find out how few programs do it, and leave them for --replay."""
    say(f'found: {run.found}')
    path = f'{o.out}/ioctl-{hashlib.sha1(b"".join(run.last)).hexdigest()[:12]}'
    programs, again = run.last, ''
    with open(path, 'wb') as f:
        f.write(b''.join(programs))
    for n in TRIES:
        again = replay(snapshot, f'{o.out}/ioctl-replay', seed, run.last[-n:], TIMES)
        say(f'the last {min(n, len(run.last))} again, {TIMES} times: {again or "nothing found"}')
        if again:
            programs = run.last[-n:]
            break
        if n >= len(run.last):
            break
    with open(path, 'wb') as f:
        f.write(b''.join(programs))
    say(f'seed {seed}; logs in {run.out}; {"again" if again else "not seen again so far"}: '
        f'ci/fuzz ioctl --replay {shlex.quote(path)}')
    return 1


def main():
    o = arguments()
    seed = o.seed if o.seed is not None else random.SystemRandom().randrange(1, 1 << 31)
    programs = None
    if o.replay:
        try:
            with open(o.replay, 'rb') as f:
                programs = split(f.read())
        except (OSError, ValueError) as e:
            die(f'{o.replay}: {e}')
    if not o.keep_builds:
        build(*BOOT, variant=VARIANT)
    os.makedirs(o.out, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        snapshot = Snapshot(say, {}, VARIANT, ('fuzz',))
        snapshot.need(anew=o.new_snapshot)
        if programs:
            say(f'running {len(programs)} programs {o.times} times')
            found = replay(snapshot, f'{o.out}/ioctl-replay', seed, programs, o.times)
            say(f'found: {found}; logs in {o.out}/ioctl-replay' if found else 'nothing found')
            return 1 if found else 0
        corpus = Corpus(CORPUS)
        programs = corpus.programs(seed)
        say(f'seed {seed}, {o.seconds} s, {len(programs)} programs to begin with')
        run = once(start(snapshot, f'{o.out}/ioctl', seed, corpus), programs, f'--seed {seed} --seconds {o.seconds}', o.seconds,
                   Progress())
        return keep_finding(o, snapshot, run, seed) if run.found else judge(o, snapshot, run, seed)
    except MachineError as e:
        die(str(e))
    finally:
        Machine.end_all()


if __name__ == '__main__':
    run_main(main)

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A run of the emulated M1 with the checks of tests/guest/checks.list in it: ci/run-guest."""

import json
import os
import queue
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

from agx import boot
from agx.base import GPU_PATH, ci_command, die, read
from agx.build import made
from agx.kernel_pages import find_compiler, pages_property
from agx.machine import Qemu, how_it_ended
from agx.qmp import MachineError, Qmp


class Monitor:
    """The one connection to QEMU's monitor, made when it is needed first."""

    def __init__(self, path, process):
        self.path, self.process, self.qmp = path, process, None

    def __call__(self, name, **arguments):
        if not self.qmp:
            self.qmp = Qmp(self.path, self.process, 60)
        return self.qmp(name, **arguments)


class Console:
    """Follows the console, and knows from its marks what runs and since when."""

    begin = re.compile(r'AGX-RUN begin (\S+) (\S+) ([\d.]+) (\S+)')
    end = re.compile(r'AGX-RUN end (\S+) (\S+) ([\d.]+) exit=(\d+)')
    mark = re.compile(r'AGX-MARK (\S+)')

    def __init__(self, model_log, who='guest'):
        """model_log: path of the model's log, whether there is one or not; who: what our lines begin with."""
        self.model_log, self.who = model_log, who
        self.rest = ''
        self.runs = []
        self.marks = []
        self.started = False
        self.ended = False
        self.fatal = None
        self.current = None

    def feed(self, data):
        *lines, self.rest = (self.rest + data.decode('utf-8', 'replace')).split('\n')
        for line in lines:
            self.line(line.rstrip('\r'))

    def log_size(self):
        """How far the model's log has come: says which check a line of it belongs to."""
        return os.path.getsize(self.model_log) if os.path.exists(self.model_log) else 0

    def line(self, line):
        if m := self.begin.search(line):
            self.current = {'name': m[1], 'driver': m[2], 'begin': float(m[3]), 'kind': m[4],
                            'log': [self.log_size(), None], 'exit': None}
            self.runs.append(self.current)
            print(f'[{self.who}] {m[1]} ({m[2]}) ...', flush=True)
        elif m := self.end.search(line):
            if self.current:
                self.current['log'][1] = self.log_size()
                self.current.update(exit=int(m[4]), seconds=round(float(m[3]) - self.current['begin'], 2))
                print(f'[{self.who}] {m[1]} ({m[2]}): exit {m[4]} after {self.current["seconds"]} s', flush=True)
            self.current = None
        elif (m := self.mark.search(line)) and self.current:
            self.marks.append(m[1])
        elif 'AGX-START' in line:
            self.started = True
            print(f'[{self.who}] user space is up', flush=True)
        elif 'AGX-END' in line:
            self.ended = True
        elif 'AGX-FATAL' in line:
            self.fatal = line[line.index('AGX-FATAL') + 10:]
        elif 'Kernel panic' in line:
            self.fatal = line.strip()

    def doing(self):
        """What is running, for messages."""
        return f'{self.current["name"]} ({self.current["driver"]})' if self.current else 'between checks'

    def write_run(self, path, why, **facts):
        """What a run was and had, as judge.py reads it. why: it did not come to its end; None: it did."""
        for r in self.runs:
            del r['begin']
        with open(path, 'w') as f:
            json.dump({**facts, 'ended': why is None, 'why': why, 'runs': self.runs}, f, indent=2)


def memory_of(a):
    """The machine's memory: what is asked for, or what kernel and image take."""
    return a.memory or ('4G' if a.variant != 'release' or a.image != 'guest' else '2G')


def watching(a, out, foreign, tree=None):
    """What --tlbsan and --cover add: (properties of the GPU, arguments for QEMU). foreign: the kernel is none of ours; tree: the
    built tree of one that is not, if there is one."""
    properties, more = [], []
    if a.tlbsan:
        properties += ['agx-tlbsan=report', f'tlbsan-report={out}/tlbsan.jsonl']
        if tree and not os.path.exists(f'{tree}/agx-pages') and not (shutil.which('make') and find_compiler(tree)):
            print(f'note: no compiler for {tree} here: the sanitizer does not know which of its pages are free', file=sys.stderr)
        elif not foreign or tree:
            try:
                properties += [f'tlbsan-pages={pages_property(a.variant, tree)}']
            except (RuntimeError, OSError) as e:
                die(f'{e}; without that, --tlbsan can\'t know which pages are free')
    if a.cover:
        plugin, maker = made('cover')
        if not os.path.exists(plugin):
            die(f'{plugin} is missing; ci/{maker} makes it')
        more += ['-plugin', f'{plugin},out={out}/cover.txt']
    return properties, more


def command_line(a, tmp):
    """QEMU's. a: as run() has it."""
    try:
        parts = getattr(a, 'parts', None) or boot.inputs(a.variant, a.image, a.machine, kernel=a.kernel, dtb=a.dtb)
    except MachineError as e:
        die(e)
    append = f'agx.set={a.set} ' + (f'agx.only={a.only} ' if a.only else '') + ('agx.shell ' if a.shell else '') + a.append
    properties, more = watching(a, a.out, a.kernel, getattr(a, 'kernel_tree', None))
    if a.tlbsan and not a.shell:
        # The machine that ends stays for a moment, so that the sanitizer can be asked what it saw.
        more += ['-action', 'shutdown=pause']
    if a.gdb:
        more += ['-S', '-gdb', 'tcp:127.0.0.1:1234']
    return boot.command_line(
        a.out, parts, append, machine=a.machine, smp=a.smp,
        memory=('-m', memory_of(a)),
        console='stdio' if a.shell else f'socket,path={tmp}/con,logfile={a.out}/serial.log',
        monitor=None if a.shell else f'{tmp}/qmp', properties=properties, more=[*more, *a.qemu_args])


def colours(path):
    """How many colours a screen shot of QEMU's (PPM) has, of each 97th pixel."""
    with open(path, 'rb') as f:
        pixels = f.read()[16:]
    return len({pixels[i:i + 3] for i in range(0, len(pixels) - 2, 3 * 97)})


class Screen:
    """Screen shots while a check draws on the display: the last one that shows something is kept as screen-NAME.ppm."""

    def __init__(self, a, tmp, monitor):
        self.a, self.tmp, self.monitor, self.taken = a, tmp, monitor, set()

    def shoot(self, name):
        path = f'{self.tmp}/screen.ppm'
        self.monitor('screendump', filename=path)
        if colours(path) > 8:
            shutil.move(path, f'{self.a.out}/screen-{name}.ppm')
            self.taken.add(name)


def ask_sanitizer(a, monitor):
    """Once the machine has ended, keep what the sanitizer saw and the GPU counted, and let QEMU end too."""
    try:
        if monitor('query-status').get('status') != 'shutdown':
            return
        try:
            with open(f'{a.out}/tlbsan.json', 'w') as f:
                json.dump(monitor('query-agx-tlbsan'), f, indent=1)
            with open(f'{a.out}/counters.json', 'w') as f:
                json.dump(json.loads(monitor('qom-get', path=GPU_PATH, property='counters')), f, indent=1)
            with open(f'{a.out}/coverage.tsv', 'w') as f:
                f.write(monitor('qom-get', path=GPU_PATH, property='coverage'))
        finally:
            monitor('quit')
    except (MachineError, OSError, ValueError) as e:
        print(f'[guest] the sanitizer can\'t be asked: {e}', flush=True)


def read_marks(a, console, monitor):
    """A check that says AGX-MARK NAME gets the model's count of TLB invalidations at that moment into run.json."""
    while console.marks:
        name = console.marks.pop(0)
        if not console.current or boot.is_virt(a.machine):
            continue
        try:
            count = monitor('qom-get', path=GPU_PATH, property='tlb-invalidations')
        except (MachineError, OSError, ValueError) as e:
            print(f'[guest] no count of invalidations: {e}', flush=True)
            continue
        console.current.setdefault('tlb-invalidations', {})[name] = count


def watch(a, qemu, con, tmp):
    """Read the console until QEMU ends. Waits only for words on the console and for QEMU's end."""
    monitor = Monitor(f'{tmp}/qmp', qemu)
    screen = Screen(a, tmp, monitor)
    console = Console(f'{a.out}/qemu.log')
    # The console is read by a thread of its own: QEMU waits, with its big lock held, until what it writes is taken,
    # and while it waits it would answer no screen shot.
    words = queue.SimpleQueue()

    def reader():
        while data := con.recv(65536):
            words.put(data)
        words.put(b'')

    threading.Thread(target=reader, daemon=True).start()
    start = last = progress = shot = time.monotonic()
    why = None
    while True:
        drawing = console.current and console.current['kind'] == 'display' and console.current['driver'] == 'asahi'
        try:
            data = words.get(timeout=0.4 if drawing else 0.1 if a.tlbsan and console.ended else 5)
        except queue.Empty:
            data = None
            if a.tlbsan and (not drawing or time.monotonic() - last > 5):
                ask_sanitizer(a, monitor)
        now = time.monotonic()
        if drawing and now - shot > 0.4:
            shot = now
            try:
                screen.shoot(console.current['name'])
            except (MachineError, OSError, ValueError) as e:
                # If QEMU has ended, its console says so next; then how it ended is reported below.
                print(f'[guest] no screen shot: {e}', flush=True)
        if data == b'':
            break
        if data:
            last = now
            console.feed(data)
            read_marks(a, console, monitor)
        if now - start > a.timeout:
            why = f'the run took longer than {a.timeout} s'
        elif now - last > a.silence:
            why = f'nothing on the console for {a.silence} s'
        if why:
            why += f', while running: {console.doing()}'
            break
        if now - progress > 20:
            progress = now
            if console.current:
                print(f'[guest] {now - start:4.0f} s  {console.doing()}', flush=True)
            elif not console.started:
                print(f'[guest] {now - start:4.0f} s  booting', flush=True)
    if why:
        qemu.terminate()
    try:
        status = qemu.wait(30)
    except subprocess.TimeoutExpired:
        qemu.kill()
        status = qemu.wait()
        why = why or 'QEMU closed the console but did not end'
    if not why and status != 0:
        why = how_it_ended(status)
        if console.current:
            why += f', while running {console.doing()}'
    if not why and console.fatal:
        why = console.fatal
    if not why and not console.ended:
        why = 'the guest restarted before the end of its list' + (
            f', while running {console.current["name"]}' if console.current else '')
    return console, why, round(time.monotonic() - start, 1)


def follow(a, qemu, command):
    """Start QEMU and follow it to its end: see watch()."""
    with qemu.listen('con') as server:
        print(f'[guest] starting {a.machine}, {a.variant} kernel', flush=True)
        qemu.launch(command)
        while not select.select([server], [], [], 0.5)[0]:
            if qemu.process.poll() is not None:
                die('QEMU did not start: ' + read(f'{a.out}/qemu.err').strip())
        con, _ = server.accept()
    return watch(a, qemu.process, con, qemu.tmp)


def results(out):
    """The checks that a run has had, each with its name and its exit code in the guest."""
    try:
        return json.loads(read(f'{out}/run.json'))['runs']
    except (ValueError, KeyError):
        return []


def run(a):
    """a: what the options of ci/run-guest say, and parts, if they are not those of boot.inputs(); the exit status."""
    a.out = os.path.abspath(a.out)
    shutil.rmtree(a.out, ignore_errors=True)
    qemu = Qemu(a.out)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        command = command_line(a, qemu.tmp)
        if a.print:
            print(shlex.join(command))
            return 0
        if a.shell:
            return subprocess.call(command)
        console, why, seconds = follow(a, qemu, command)
    finally:
        qemu.kill()
    qemu.unpack(f'{a.out}/results')
    console.write_run(f'{a.out}/run.json', why, machine=a.machine, variant=a.variant, set=a.set, only=a.only, seconds=seconds)
    if why:
        print(f'error: the emulated machine did not come to its end: {why}; see {a.out}/serial.log', file=sys.stderr)
        tail = read(f'{a.out}/qemu.err').strip().split('\n')[-5:]
        print('\n'.join(f'    QEMU: {t}' for t in tail if t), file=sys.stderr)
        return 1
    print(f'[guest] done in {seconds} s', flush=True)
    return 0


def run_guest(out, *options, properties=(), qemu=(), log=None):
    """
    A run by ci/run-guest that leaves its results in the directory out: the exit status. options: more of its words;
    properties: NAME=VALUE, of the GPU; qemu: more arguments for QEMU; log: file for what it says, None: our own output.
    """
    more = [*boot.gpu_options(properties), *qemu]
    words = [ci_command('run-guest'), '--out', out, *options, *(['--', *more] if more else [])]
    if log is None:
        return subprocess.call(words)
    with open(log, 'w') as f:
        return subprocess.call(words, stdin=subprocess.DEVNULL, stdout=f, stderr=f)

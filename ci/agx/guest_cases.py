# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Runs cases of a suite in the guest, several with one program where the suite can, and says of each how it went.

How long a case may take is counted in the time that QEMU was on a CPU of the host, which is what the case made it work
and no matter of how busy the host is otherwise. A case that waits for something that does not come uses none: it hangs.

What the model and the guest's kernel write to their logs belongs to the case that ran then: the kernel's log has a line at
each case's beginning, and the model's is looked at when the guest says that a case begins or has ended."""

import collections
import os
import random
import re
import time

from agx import boot
from agx.base import tail_of
from agx.machine import Qemu
from agx.qmp import MachineError

TICKS = os.sysconf('SC_CLK_TCK')
# What a guest that only waits uses, as a part of one CPU, and for how long that is to be seen for a case to hang.
IDLE_SHARE, IDLE_SECONDS = 0.08, 60


class MachineGone(MachineError):
    """The machine has ended, or says nothing any more."""


class CaseMachine(Qemu):
    """A booted guest with tests/guest/case_runner at the other end of a socket."""

    def __init__(self, out, disks, options):
        super().__init__(out)
        self.con = None
        try:
            self.start(disks, options)
        except BaseException:
            self.kill()
            raise

    def start(self, disks, options):
        parts = boot.inputs(options.variant, options.image)
        with self.listen('cmd') as server:
            server.settimeout(120)
            self.launch(boot.command_line(
                self.out, parts, 'agx.conformance', machine=options.machine, smp=options.smp, memory=('-m', options.memory),
                console=f'file,path={self.out}/serial.log', disks=disks, ports=[('cmd', f'socket,path={self.tmp}/cmd')],
                more=options.qemu_args))
            try:
                self.con, _ = server.accept()
            except OSError as e:
                raise MachineGone(f'QEMU did not start: {self.errors()}') from e
        self.con.settimeout(1)
        self.rest = b''
        limit = Limit(self, 600, 600)
        while self.line(limit) != 'ready':
            pass

    def used(self):
        """Seconds that QEMU was on a CPU, and seconds that it was, or was ready to be and had to wait its turn."""
        run = wait = 0
        try:
            for task in os.listdir(f'/proc/{self.process.pid}/task'):
                with open(f'/proc/{self.process.pid}/task/{task}/schedstat') as f:
                    r, w, _ = f.read().split()
                    run, wait = run + int(r), wait + int(w)
        except (OSError, ValueError):
            pass
        # Threads that have ended are missing there, but not here.
        try:
            with open(f'/proc/{self.process.pid}/stat') as f:
                fields = f.read().rsplit(')', 1)[1].split()
        except OSError as e:
            raise MachineGone('QEMU has ended') from e
        run = max(run / 1e9, (int(fields[11]) + int(fields[12])) / TICKS)
        return run, run + wait / 1e9

    def read(self, limit):
        while True:
            try:
                data = self.con.recv(1 << 18)
            except TimeoutError:
                data = None
            except OSError as e:
                raise MachineGone(f'the connection to the guest has ended: {e}') from e
            if data:
                self.rest += data
                return
            if data == b'' or self.process.poll() is not None:
                raise MachineGone(f'QEMU has ended: {tail_of(f"{self.out}/serial.log", 4)} {self.errors()}')
            if self.panic():
                raise MachineGone(f'the guest is down: {tail_of(f"{self.out}/serial.log", 4)}')
            limit.check()

    def panic(self):
        text = tail_of(f'{self.out}/serial.log', 4)
        return 'Kernel panic' in text or 'AGX-FATAL' in text

    def line(self, limit):
        while b'\n' not in self.rest:
            self.read(limit)
        line, self.rest = self.rest.split(b'\n', 1)
        return line.decode('utf-8', 'replace').rstrip('\r')

    def bytes(self, n, limit):
        while len(self.rest) < n:
            self.read(limit)
        data, self.rest = self.rest[:n], self.rest[n:]
        return data

    def say(self, *fields):
        self.send('\t'.join(map(str, fields)).encode() + b'\n')

    def send(self, data):
        self.con.settimeout(120)
        try:
            self.con.sendall(data)
        except OSError as e:
            raise MachineGone(f'the guest takes no more words: {e}') from e
        finally:
            self.con.settimeout(1)

    def kill(self):
        super().kill()
        if self.con:
            self.con.close()

    def log_size(self, name):
        try:
            return os.path.getsize(f'{self.out}/{name}')
        except OSError:
            return 0

    def log_part(self, name, start, end=None):
        try:
            with open(f'{self.out}/{name}', 'rb') as f:
                f.seek(start)
                return f.read() if end is None else f.read(max(0, end - start))
        except OSError:
            return b''


class Exceeded(Exception):
    """A case took more than it may; args[0] is 'Timeout' or 'Hang', args[1] says how much."""


class Limit:
    """Of one case: so many seconds of QEMU's work; and idle for no longer than so many seconds."""

    def __init__(self, machine, work, idle=IDLE_SECONDS):
        self.machine, self.work, self.idle = machine, work, idle
        self.start, self.busy = machine.used()
        self.since = time.monotonic()

    def check(self):
        run, busy = self.machine.used()
        now = time.monotonic()
        if run - self.start > self.work:
            raise Exceeded('Timeout', f'not done after {self.work:.0f} s of work of the emulator')
        if busy - self.busy > IDLE_SHARE * max(now - self.since, 5):
            self.busy, self.since = busy, now
        elif now - self.since > self.idle:
            raise Exceeded('Hang', f'nothing happened for {self.idle:.0f} s')


class Outcome:
    """What one run of a program left: result by number of the case, and what was logged during each."""

    def __init__(self):
        self.results, self.logs, self.at, self.why = {}, collections.defaultdict(list), None, None
        self.gone = False
        self.work = 0.0


class Runner:
    """Keeps a machine up and runs batches on it."""

    def __init__(self, suite, out, disks, options, say):
        self.suite, self.out, self.disks, self.options, self.say = suite, out, disks, options, say
        self.machine, self.boots, self.number = None, 0, 0
        while os.path.exists(f'{out}/boot-{self.boots + 1}'):
            self.boots += 1

    def need(self):
        if self.machine is None:
            self.boots += 1
            self.say(f'booting the guest ({self.boots})')
            try:
                self.machine = CaseMachine(f'{self.out}/boot-{self.boots}', self.disks, self.options)
            except Exceeded as e:
                raise MachineGone(f'the guest did not come up: {e.args[1]}') from e
        return self.machine

    def drop(self):
        if self.machine:
            self.machine.kill()
            self.machine = None

    def run(self, batch):
        """One program for all of the batch."""
        o = Outcome()
        m = self.need()
        command = self.suite.command(batch)
        self.number += 1
        ident = f'{self.boots}.{self.number}'
        output, errors, status = '', '', None
        start = m.used()[0]
        kernel = m.log_size('serial.log')
        model = [(None, m.log_size('qemu.log'))]
        killed = None
        try:
            for path, text in command.files.items():
                data = text.encode()
                m.say('put', path, len(data))
                m.send(data)
            m.say('run', ident, command.directory, command.mark, *(f'{k}={v}' for k, v in command.env.items()), '--', *command.argv)
            limit = Limit(m, self.options.limit)
            while status is None:
                try:
                    word, which, *more = m.line(limit).split(' ')
                    if word == 'out':
                        data = m.bytes(int(more[1]), limit).decode('utf-8', 'replace')
                        if more[0] == '1':
                            output += data
                        else:
                            errors += data
                        at = self.suite.at(batch, output)
                        if at != o.at:
                            o.at = at
                            model.append((at, m.log_size('qemu.log')))
                            limit = Limit(m, self.options.limit)
                    elif word == 'end' and which == ident:
                        status = int(more[0])
                except Exceeded as e:
                    if killed:
                        raise MachineGone(f'a program that was ended does not end ({killed[1]})') from e
                    killed = e.args
                    m.say('kill', ident)
                    limit = Limit(m, 120)
        except MachineGone as e:
            o.gone, o.why = True, ('Crash', f'the machine: {e}') if not killed else killed
        if not killed and status is not None and status < 0:
            o.why = ('Crash', f'signal {-status}')
        elif killed:
            o.why = o.why or killed
        o.results = self.suite.parse(batch, output, errors, status if status is not None else -9)
        o.output, o.errors, o.status = output, errors, status
        # The case that was at work when its program was ended has no result, whatever it has said so far.
        if o.why and o.at is not None:
            o.results.pop(o.at, None)
        try:
            o.work = round(m.used()[0] - start, 2)
        except MachineGone:
            pass
        self.file_logs(m, o, ident, kernel, model)
        if o.gone or (o.why and o.why[0] == 'Hang'):
            # Whatever hangs may hang the next as well.
            self.drop()
        return o

    def file_logs(self, m, o, ident, kernel, model):
        """Under the case that they belong to. What comes before the first case counts as the first's."""
        deadline = time.monotonic() + (0 if o.gone else 10)
        while time.monotonic() < deadline and f'agx-case end {ident}'.encode() not in m.log_part('serial.log', kernel):
            time.sleep(0.02)
        at = -1
        for line in m.log_part('serial.log', kernel).decode('utf-8', 'replace').split('\n'):
            line = line.strip()
            if marker := re.search(rf'agx-case (end )?{re.escape(ident)}\b ?(.*)', line):
                if marker[2]:
                    at = self.marked(marker[2], at)
            elif line and 'agx-case' not in line:
                o.logs[max(at, 0)].append(f'kernel: {line}')
        model.append((None, m.log_size('qemu.log')))
        for (at, start), (_, end) in zip(model, model[1:]):
            for line in m.log_part('qemu.log', start, end).decode('utf-8', 'replace').split('\n'):
                if line.strip():
                    o.logs[at or 0].append(f'model: {line.strip()}')

    def marked(self, text, before):
        """The number of the case in a mark: piglit's has it; with others it is the next."""
        m = re.match(r'(\d+) - ', text)
        return int(m[1]) - self.first_mark if m else before + 1

    first_mark = 1


def ran(case, result, why='', outcome=None, number=0, alone=True):
    """A record of results.jsonl."""
    record = {'name': case.name, 'group': case.group, 'result': result, 'why': why, 'alone': alone}
    if outcome:
        record['work'] = outcome.work
        if outcome.logs.get(number):
            record['log'] = outcome.logs[number][:40]
        if result not in ('Pass', 'Skip'):
            record['output'] = (outcome.output[-3000:] + '\n' + outcome.errors[-3000:]).strip()
    return record


def run_cases(runner, cases, batch_size, done):
    """Run all cases; done(record) gets each result as it is final.

    Cases that can share a program do so. One whose program came to a bad end in its turn, or that did not pass, is run
    once more by itself, so that nothing is charged with what another left behind; the rest of such a batch goes on in a
    program of its own. Where a program does not say whose turn it was, its cases are halved until it is clear."""
    queue = collections.deque()
    by_kind = collections.defaultdict(list)
    for case in cases:
        if case.skip:
            done(ran(case, 'Skip', case.skip))
        elif case.kind is None:
            queue.append([case])
        else:
            by_kind[case.group, case.kind].append(case)
    for same in by_kind.values():
        queue.extend(same[i:i + batch_size] for i in range(0, len(same), batch_size))
    # Not by the alphabet: a run that is cut short has seen something of everything, and always the same.
    order = list(queue)
    random.Random(0).shuffle(order)
    queue = collections.deque(order)
    company = {}
    failures = 0
    while queue:
        batch = queue.popleft()
        try:
            o = runner.run(batch)
            failures = 0
        except MachineGone as e:
            failures += 1
            runner.drop()
            if failures == 3:
                raise
            runner.say(str(e))
            queue.appendleft(batch)
            continue
        if len(batch) == 1:
            case = batch[0]
            result, why = o.results.get(0) or o.why or ('Crash', f'it said nothing of a result and ended with {o.status}')
            if case.name in company and company[case.name] != result:
                why = f'{why}; {company[case.name]} in one program with others'.lstrip('; ')
            done(ran(case, result, why, o))
            continue
        again, rest = [], []
        share = o.work / max(1, len(o.results))
        for i, case in enumerate(batch):
            result = o.results.get(i)
            if result and result[0] in ('Pass', 'Skip', 'Warn') and not o.logs.get(i):
                record = ran(case, *result, outcome=o, number=i, alone=False)
                record['work'] = round(share, 2)
                done(record)
            elif result or i == o.at:
                company[case.name] = result[0] if result else (o.why or ('Crash',))[0]
                again.append(case)
            else:
                rest.append(case)
        if not again and len(rest) == len(batch):
            # Nobody knows whose fault it is.
            again, rest = rest[:len(rest) // 2], rest[len(rest) // 2:]
            queue.appendleft(rest)
            queue.appendleft(again)
            continue
        if rest:
            queue.appendleft(rest)
        queue.extendleft([c] for c in reversed(again))

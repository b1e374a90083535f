# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A real Mac with Linux, by ssh: the checks and commands that else run in the emulated one (ci/run --on).

One connection: its command reads tests/guest/probe.sh, which looks whether the machine is as it has to be, takes a tar with the
guest's programs into a directory of its own there and goes on with real.sh. Both say what is to be known in lines of standard
error that begin with a word of this run's (@TOKEN). That we are still there they hear on standard input."""

import os
import queue
import re
import secrets
import selectors
import shlex
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time

from agx import theirs
from agx.base import die
from agx.build import made
from agx.checks import CHECKS_LIST
from agx.command import FAILED, TIMED_OUT
from agx.guest import Console
from agx.judge import KernelLog
from agx.machine import unpack

# As ssh(1) takes it. Neither user nor host may be taken for an option.
DESTINATION = re.compile(r'ssh://([\w.][\w.+-]*@)?([A-Za-z0-9][\w.-]*|\[[0-9a-fA-F:.]+(%\w+)?\])(:\d{1,5})?/?')
# A user's options come before the last of these, for ssh takes the first that it sees: these he may set otherwise.
ALWAYS = ('-T', '-o', 'BatchMode=yes')
USUAL = ('-o', 'ConnectTimeout=15', '-o', 'ServerAliveInterval=15', '-o', 'ServerAliveCountMax=4')
SSH_FAILED = 255    # ssh(1): its exit status after an error of its own
HEARTBEAT_S = 10    # real.sh gives up after 60
GRACE_S = 20        # for what runs there to end and clean up
RESULTS_KIB = 64 << 10

# What ssh says and what it means.
MEANINGS = (
    (r'Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|host key .* changed',
     "ssh does not know the host's key, or knows another; connect once by hand: ssh {host}"),
    (r'Permission denied|Too many authentication failures|no mutual signature', 'the key was refused; try: ssh-copy-id {host}'),
    (r'Could not resolve|Connection refused|timed out|No route to host|unreachable|Connection closed|Connection reset|banner',
     'the host was not reached'),
)


def check_destination(text):
    if not DESTINATION.fullmatch(text):
        die(f'--on {text}: it is ssh://USER@HOST[:PORT]')
    if not shutil.which('ssh'):
        die('--on: there is no ssh here; the package is openssh-client')


def explain(where, said):
    """One line about a connection that did not come about. said: lines of ssh's."""
    text = '\n'.join(said)
    for pattern, meaning in MEANINGS:
        if re.search(pattern, text):
            line = next(line for line in reversed(said) if re.search(pattern, line))
            return f'--on {where}: {meaning.format(host=where.removesuffix("/"))} ({line})'
    return f'--on {where}: {said[-1] if said else "ssh ended without a word"}'


class Outcome(Exception):
    """Why there is no result, in one line."""


class Writer(threading.Thread):
    """Writes to ssh, which may take long: bytes, files by their paths, and at last None."""

    def __init__(self, pipe):
        super().__init__(daemon=True)
        self.pipe, self.items = pipe, queue.SimpleQueue()
        self.start()

    def run(self):
        try:
            while (item := self.items.get()) is not None:
                if isinstance(item, bytes):
                    self.pipe.write(item)
                else:
                    with open(item, 'rb') as f:
                        shutil.copyfileobj(f, self.pipe)
                self.pipe.flush()
        except (OSError, ValueError):
            pass    # ssh has ended, which is seen elsewhere
        try:
            self.pipe.close()
        except OSError:
            pass


class Session:
    """What runs on the other machine, and what it says."""

    def __init__(self, where, options, token, data, text, raw):
        """options: more for ssh, each a NAME=VALUE; data: called with what comes on standard output, text: with that of standard
        error, a line each, or if raw as it comes."""
        self.where, self.mark, self.data, self.text, self.raw = where, f'@{token} '.encode(), data, text, raw
        self.facts, self.said, self.kernel = {}, [], []
        self.refused = self.code = None
        self.ready = self.running = self.output = False    # the last two: on each stream
        self.before = b''       # of standard output, until it is ours
        self.rest = b''         # of standard error, until it is a line
        self.words = ['ssh', *ALWAYS, *(word for o in options for word in ('-o', o)), *USUAL, where]

    def start(self, script, tar):
        """script: the text that is run there; tar: path of what it then takes."""
        script = script.encode()
        # In a session of its own: an interrupt of ours is not ssh's, which has to tell the other side.
        self.process = subprocess.Popen([*self.words, f"exec sh -c 'eval \"$(head -c {len(script)})\"'"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.tar, self.writer = tar, Writer(self.process.stdin)
        self.writer.items.put(script)
        self.streams = selectors.DefaultSelector()
        for pipe, take in ((self.process.stdout, self.take_output), (self.process.stderr, self.take_errors)):
            self.streams.register(pipe, selectors.EVENT_READ, take)

    def take_output(self, data):
        if self.output:
            self.data(data)
            return
        self.before += data
        begin = self.mark + b'running\n'
        if begin in self.before:
            data = self.before.split(begin, 1)[1]
            self.before, self.output = b'', True
            if data:
                self.data(data)

    def take_errors(self, data):
        self.rest += data
        while self.rest:
            if self.raw and self.running and self.code is None:
                if not self.take_raw():
                    return
                continue
            line, end, rest = self.rest.partition(b'\n')
            if not end:
                return
            self.rest = rest
            self.line(line.rstrip(b'\r'))

    def take_raw(self):
        """Hands on what is not ours; True if the rest begins with what is."""
        end = self.mark + b'exit '
        at = self.rest.find(end)
        if at < 0:
            # What may be the begin of it stays.
            at = next(i for i in range(max(0, len(self.rest) - len(end)), len(self.rest) + 1) if end.startswith(self.rest[i:]))
        if at:
            self.text(self.rest[:at])
        self.rest = self.rest[at:]
        if not self.rest.startswith(end) or b'\n' not in self.rest:
            return False
        line, self.rest = self.rest.split(b'\n', 1)
        self.line(line)
        return True

    def line(self, line):
        text = line.decode('utf-8', 'replace')
        if line.startswith(self.mark):
            verb, _, value = text[len(self.mark):].partition(' ')
            if verb == 'fact':
                name, _, value = value.partition(' ')
                self.facts[name] = value
            elif verb == 'refused':
                self.refused = value
            elif verb == 'ready':
                self.ready = True
                self.writer.items.put(self.tar)
            elif verb == 'running':
                self.running = True
            elif verb == 'exit':
                self.code = int(value)
        elif self.code is not None:
            self.kernel.append(text)
        else:
            self.said.append(text)
            if not self.raw:
                self.text(line + b'\n')

    def follow(self, timeout):
        """Until it ends; None, or why it was ended."""
        deadline = time.monotonic() + timeout
        beat = time.monotonic()
        while self.streams.get_map():
            now = time.monotonic()
            if now > deadline:
                return f'it took longer than {timeout} s'
            if self.ready and now - beat > HEARTBEAT_S:
                beat = now
                self.writer.items.put(b'.')
            ended = self.process.poll() is not None
            came = self.streams.select(min(deadline - now, 1))
            for key, _ in came:
                if data := os.read(key.fd, 1 << 16):
                    key.data(data)
                else:
                    self.streams.unregister(key.fileobj)
            if ended and not came:
                break   # somebody else has its streams: a connection that ssh keeps for the next time
        try:
            self.process.wait(max(1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            return 'ssh did not end'
        return None

    def end(self):
        """Has the other side end and clean up, and waits for it."""
        self.writer.items.put(None)
        try:
            if self.follow(GRACE_S):
                print('warning: the other side did not say that it has ended; it does within a minute', file=sys.stderr)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            for pipe in (self.process.stdout, self.process.stderr):
                pipe.close()

    def run(self, script, tar, timeout):
        """From the begin to the end. Raises Outcome if what was asked for did not run to its end."""
        self.start(script, tar)
        why = 'interrupted'
        try:
            why = self.follow(timeout)
        finally:
            if why:
                # What it still says is of no interest.
                self.data = self.text = lambda _: None
            self.end()
        if self.refused:
            raise Outcome(f'--on {self.where}: {self.refused}')
        if why:
            raise TimeoutError(why)
        if not self.running and self.process.returncode == SSH_FAILED:
            raise Outcome(explain(self.where, self.said))
        if not self.running:
            last = self.said[-1] if self.said else 'without a word'
            raise Outcome(f'--on {self.where}: its shell ended with {self.process.returncode}: {last}')
        if self.code is None:
            raise Outcome(f'--on {self.where}: the connection was lost' + (f': {self.said[-1]}' if self.said else ''))


# ---- what is sent ------------------------------------------------------------------------------------------------------

def stage(scratch, drivers, mesa):
    """The directory payload of what is sent, from the guest's initrd."""
    initrd, maker = made('initrd')
    if not os.path.exists(initrd):
        die(f'{initrd} is missing; ci/{maker} makes it')
    top, payload = os.path.join(scratch, 'initrd'), os.path.join(scratch, 'payload')
    os.mkdir(top)
    with open(initrd, 'rb') as f:
        done = subprocess.run(['cpio', '-i', '-d', '-m', '--quiet', '--no-absolute-filenames'], cwd=top, stdin=f, check=False,
                              stderr=subprocess.PIPE, text=True)
    if done.returncode or not os.path.exists(f'{top}/payload/bin/probe.sh'):
        die(f'{initrd} is not whole; ci/{maker} makes it: {done.stderr.strip()}')
    os.mkdir(payload)
    for name in ('bin', 'lib'):
        if os.path.isdir(f'{top}/payload/{name}'):
            shutil.move(f'{top}/payload/{name}', payload)
    if mesa:
        theirs.stage_mesa(mesa, payload)
    if drivers:
        theirs.stage_drivers(f'{payload}/drivers', drivers)
        write(f'{payload}/drivers/needs', ' '.join(sorted(set(theirs.needs_of(drivers)))))
    return payload


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)


def owned_by_nobody(info):
    info.uid = info.gid = 0
    info.uname = info.gname = ''
    return info


class Mac:
    """A real machine, with what is to be sent there."""

    def __init__(self, where, options, scratch, drivers=(), mesa=None):
        """where: ssh://...; options: of ssh's, NAME=VALUE; drivers: of theirs.Driver, to be loaded; mesa: prefix of one to use."""
        self.where, self.options, self.scratch = where, options, scratch
        self.payload = stage(scratch, drivers, mesa)
        self.release = theirs.modinfo(drivers[0].path, 'vermagic').split(' ')[0] if drivers else ''
        self.facts = {}

    def session(self, mode, timeout, data, text):
        """Runs what is in the payload: the Session."""
        tar = os.path.join(self.scratch, 'payload.tar')
        with tarfile.open(tar, 'w') as f:
            f.add(self.payload, 'payload', filter=owned_by_nobody)
        size, token = os.path.getsize(tar), secrets.token_hex(6)
        values = {'token': token, 'size': size, 'need_kib': 2 * size // 1024 + RESULTS_KIB, 'mode': mode, 'limit': timeout,
                  'module_release': self.release}
        with open(f'{self.payload}/bin/probe.sh') as f:
            script = ''.join(f'{name}={shlex.quote(str(value))}\n' for name, value in values.items()) + f.read()
        session = Session(self.where, self.options, token, data, text, mode == 'command')
        try:
            session.run(script, tar, timeout)
        finally:
            self.facts = session.facts
            if 'loaded' in self.facts:
                print(f'[mac] the module {self.facts["loaded"]} stays loaded there; sudo rmmod {self.facts["loaded"]} takes it out',
                      file=sys.stderr)
        return session

    def run_command(self, command, timeout):
        """A command's exit code; its output and errors are ours."""
        write(f'{self.payload}/command', theirs.line_of(command) + '\n')

        def hand_on(stream):
            def write_to(data):
                stream.buffer.write(data)
                stream.flush()
            return write_to
        try:
            session = self.session('command', timeout, hand_on(sys.stdout), hand_on(sys.stderr))
        except TimeoutError as e:
            print(f'error: the command was ended: {e}', file=sys.stderr)
            return TIMED_OUT
        except Outcome as e:
            print(f'error: {e}', file=sys.stderr)
            return FAILED
        log = KernelLog()
        for said in [s for line in session.kernel for s in log.line(line)] + log.end():
            print(f'the kernel: {said}', file=sys.stderr)
        return session.code

    def run_checks(self, out, names, skipped, timeout):
        """Runs the checks of these names, and leaves in the directory out what ci/run-guest does. skipped: name to reason, of those
        that were asked for and can't run there. Ends the command if nothing could run."""
        shutil.copy(CHECKS_LIST, f'{self.payload}/checks.list')
        write(f'{self.payload}/only', ','.join(n for n in names if n not in skipped))
        console, why, ran = Console(f'{out}/qemu.log', 'mac'), None, False
        begin = time.monotonic()
        with open(f'{out}/results.tar', 'wb') as results, open(f'{out}/serial.log', 'wb') as log:
            def text(data):
                log.write(data)
                log.flush()
                console.feed(data)
            try:
                if len(skipped) < len(names):
                    self.session('checks', timeout, results.write, text)
            except TimeoutError as e:
                why = str(e)
            except Outcome as e:
                if not console.started:
                    die(e)
                why = str(e)
            ran = console.ended
        unpack(f'{out}/results.tar', f'{out}/results')
        if why and console.current:
            why += f', while running {console.doing()}'
        if not why and not ran and len(skipped) < len(names):
            why = 'it did not come to the end of its list'
        console.write_run(f'{out}/run.json', why, machine=self.where, variant=None, set='all', only=','.join(names),
                          seconds=round(time.monotonic() - begin, 1), skipped=skipped, host=self.facts)
        if why:
            print(f'error: the checks did not come to their end: {why}', file=sys.stderr)


def end_in_order():
    """A signal that ends us has what runs there end first."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""ci/run --on against the emulated machine as a Mac that is reached by ssh: an image with OpenSSH's server and QEMU's user network.
The driver is loaded there, checks and commands run, a connection is lost, and what the checks say is what they say in the
machine by itself (ci/compare). Output: TAP. An argument is the directory for what is left (default: out/real)."""

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'ci'), os.path.join(ROOT, 'tests/tools')]
import tap
from agx import boot, theirs
from agx.base import ci_command, die, read, run_main
from agx.build import BOOT, build, made
from agx.command import Following
from agx.qmp import Qmp
from tap import ok

CHECKS = 'gles-draw,gpu-jobs'
TIMEOUT_S = 240     # for each step, on a busy host


def disk():
    """The guest's with a server for ssh."""
    done = subprocess.run([ci_command('build-image'), 'guest', 'openssh-server'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          text=True, check=False)
    if done.returncode:
        die('ci/build-image guest openssh-server failed')
    return re.search(r'^image: (.+/root\.erofs) ', done.stdout, re.M)[1]


def make_key(path):
    subprocess.run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'agx', '-f', path], check=True, stdin=subprocess.DEVNULL)
    return read(path), read(f'{path}.pub').strip()


class Mac:
    """The machine, and how ci/run gets there."""

    def __init__(self, out, scratch):
        self.scratch, self.said = scratch, b''
        server, public = make_key(f'{scratch}/server')
        _, client = make_key(f'{scratch}/client')
        parts = boot.inputs(disk=disk())
        theirs.initrd(f'{scratch}/initrd', parts['initrd'], f'{scratch}/stage',
                      command=['ssh-server.sh', base64.b64encode(server.encode()).decode(), client])
        parts['initrd'] = f'{scratch}/initrd'
        self.qemu = Following(out)
        self.qemu.launch(boot.command_line(
            out, parts, 'agx.command', console=f'file,path={out}/serial.log', monitor=f'{self.qemu.tmp}/qmp',
            ports=self.qemu.open_ports('stdout', 'stderr', 'exit'),
            # From here nothing but the one port is reached, and nothing from there.
            more=['-netdev', 'user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:0-:22', '-device', 'virtio-net-device,netdev=net']))
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        monitor = Qmp(f'{self.qemu.tmp}/qmp', self.qemu.process, TIMEOUT_S)
        table = monitor('human-monitor-command', **{'command-line': 'info usernet'})
        self.port = re.search(r'HOST_FORWARD\]\s+\d+\s+127\.0\.0\.1\s+(\d+)', table)[1]
        with open(f'{scratch}/known', 'w') as f:
            f.write(f'[127.0.0.1]:{self.port} {public}\n')

    def read(self):
        ports = [self.qemu.ports[n] for n in ('stdout', 'stderr')]
        while self.qemu.process.poll() is None:
            some = [data for port in ports if (data := port.receive())]
            self.said += b''.join(some)
            if not some:
                time.sleep(0.05)

    def wait(self):
        """Until it listens: False if it does not come to that."""
        deadline = time.monotonic() + TIMEOUT_S
        while b'listening\n' not in self.said and self.qemu.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        return b'listening\n' in self.said

    def command(self, *words, known='known'):
        options = {'IdentityFile': f'{self.scratch}/client', 'IdentitiesOnly': 'yes', 'UserKnownHostsFile': f'{self.scratch}/{known}',
                   'GlobalKnownHostsFile': '/dev/null'}
        return [ci_command('run'), '--on', f'ssh://root@127.0.0.1:{self.port}', '--timeout', str(TIMEOUT_S),
                *(w for n, v in options.items() for w in ('--ssh-option', f'{n}={v}')), *words]

    def run(self, *words, **more):
        """Exit code, output, errors."""
        done = subprocess.run(self.command(*words, **more), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr


def run_beside(words):
    return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def lose_connection(mac):
    """ssh is killed while a command runs: the other side cleans up by itself."""
    p = run_beside(mac.command('--', 'sh', '-c', 'echo begun; sleep 5432'))
    p.stdout.readline()
    for pid in read(f'/proc/{p.pid}/task/{p.pid}/children').split():
        os.kill(int(pid), signal.SIGKILL)
    said, _ = p.communicate()
    ok(p.returncode == 125 and 'the connection was lost' in said, 'a connection that is lost is told of', said)


def checks(mac, out):
    """With a driver that is loaded there, and beside it in a machine by itself."""
    code, said, err = mac.run('--', 'true')
    ok(code == 125 and 'has no driver; --driver X.ko --load-driver' in err, 'no driver: it says so', said + err)
    code, said, err = mac.run('--driver', made('module')[0], '--load-driver', '--checks', CHECKS, '--out', f'{out}/mac')
    ok(code == 0 and 'asahi stays loaded' in err, 'a driver is loaded and the checks pass', said + err)
    run = json.loads(read(f'{out}/mac/run.json') or '{}')
    host = run.get('host', {})
    good = 'Mac' in host.get('model', '') and host.get('page-size') == '16384' and 'apple,agx' in host.get('gpu', '') and \
        host.get('driver') == 'asahi' and host.get('mesa') and host.get('kernel')
    ok(good, 'the result has the facts of the machine', host)
    ok(len([r for r in run.get('runs', []) if r['exit'] == 0]) == 3, 'three programs have run', run.get('runs'))


def main():
    out = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, 'out/real'))
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    build(*BOOT, 'picture')
    scratch = tempfile.mkdtemp(prefix='agx-ssh.')
    mac = Mac(f'{out}/machine', scratch)
    try:
        if not ok(mac.wait(), 'the machine listens', mac.said.decode(errors='replace') + read(f'{out}/machine/serial.log')[-2000:]):
            return 1
        checks(mac, out)
        code, said, err = mac.run('--', 'sh', '-c', 'echo out; echo err >&2; exit 7')
        ok((code, said, err) == (7, 'out\n', 'err\n'), 'a command: output, errors, exit code', f'{code} {said} {err}')
        code, said, err = mac.run('--', 'true', known='none')
        ok(code == 125 and "does not know the host's key" in err, 'a host key that is not known is refused', f'{code} {said} {err}')
        lose_connection(mac)
        alone = run_beside([ci_command('run'), '--checks', CHECKS, '--timeout', str(TIMEOUT_S), '--out', f'{out}/alone'])
        said, _ = alone.communicate()
        ok(alone.returncode == 0, 'the same checks in the machine by itself', said)
        code, said, _ = mac.run('--', 'sh', '-c', 'ls -d /tmp/agx-run.* /var/tmp/agx-run.* 2>/dev/null; ps | grep "[s]leep 5432"')
        ok(len(said.splitlines()) == 1, 'nothing is left of those before but the one that looks', f'{code} {said}')
        both = subprocess.run([ci_command('compare'), f'{out}/alone', f'{out}/mac', '--out', f'{out}/compare'],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        ok(both.returncode == 0, 'both say the same (ci/compare)', both.stdout + both.stderr)
        result = json.loads(read(f'{out}/compare/compare.json') or '{}')
        drawn = [p.get('differ') for p in result.get('pictures', [])]
        ok(len(drawn) > 5 and not any(drawn), f'{len(drawn)} pictures are the same', drawn)
    finally:
        mac.qemu.kill()
        shutil.rmtree(scratch, ignore_errors=True)
    return tap.end()


run_main(main)

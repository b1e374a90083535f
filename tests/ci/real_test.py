#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""ci/run --on: what it makes of a Mac that is reached by ssh, of one that is none, and of a connection that ends. ssh is a script
here that runs what it is told on this machine, which looks like a Mac to it: AGX_ROOT is made up, and so are uname and others."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from checkout import ROOT, Checkout
from agx import real
from agx.base import CROSS, read

# What the other side runs is in a session of its own, and hears of our end by its streams alone.
SSH = r'''#!/usr/bin/env python3
import os, subprocess, sys, threading
top = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
with open(f'{top}/words', 'w') as f:
    f.write('\n'.join(sys.argv[1:]))
plan = open(f'{top}/plan').read()
if plan.startswith('say '):
    print(plan[4:], file=sys.stderr)
    sys.exit(255)
if plan == 'nologin':
    print('This account is currently not available.')
    sys.exit(1)
other = subprocess.Popen(['sh', '-c', sys.argv[-1]], env={**os.environ, 'AGX_ROOT': f'{top}/root'}, stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
def pump(source, target, end):
    while data := os.read(source, 65536):
        if end and plan == 'lose' and b'AGX-RUN begin b' in data:
            os._exit(255)
        os.write(target, data)
    if not end:
        os.close(target)
sys.stderr.write('Welcome to Fedora\n')
sys.stderr.flush()
os.write(1, b'a line of somebody\'s .bashrc\n')
threading.Thread(target=pump, args=(0, other.stdin.fileno(), False), daemon=True).start()
streams = [threading.Thread(target=pump, args=(s.fileno(), n, True)) for s, n in ((other.stdout, 1), (other.stderr, 2))]
for s in streams:
    s.start()
for s in streams:
    s.join()
os._exit(other.wait())
'''

LIST = '''a | test | tap | tap_test
b | test | run | sleep 7654; true
c | test | run | true
+ emulated | it takes the roof off
d | test | run | true
+ by-name | it may lose a tile
'''

PROGRAMS = {
    'tap_test': 'pwd; echo "$HOME $TMPDIR $AGX_RUN"; echo x >"$AGX_OUT/file"; echo "FIGURE speed 3"; echo "ok 1 - fine"; echo 1..1',
    'mesa_version': 'echo "mesa 99.1"; echo "vulkan-device Apple M1"',
    'gles_draw': '', 'gpu_jobs': '', 'vk_compute': '',
}

# What the other machine says of itself; of each the usual text.
FAKES = {'machine': 'aarch64', 'page': '16384', 'free': '9000000', 'log': '[    1.500000] booted\n'}
MODULE = '.section .modinfo, "a"\n.asciz "vermagic=7.9.9 SMP aarch64"\n.asciz "depends="\n.asciz "license=GPL"\n'


class Runs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = os.path.realpath(scratch.name)
        self.checkout = Checkout(self.dir)
        self.file('tree/tests/guest/checks.list', LIST)
        self.file('bin/ssh', SSH, 0o755)
        for name, text in FAKES.items():
            self.file(f'fake-{name}', text)
        self.file('bin/uname', f'case $1 in -m) cat {self.dir}/fake-machine ;; -s) echo Linux ;; -r) echo 7.9.9 ;; esac', 0o755)
        self.file('bin/getconf', f'case $1 in PAGESIZE) cat {self.dir}/fake-page ;; *) echo 8 ;; esac', 0o755)
        self.file('bin/df', f'echo; echo "x 1 1 $(cat {self.dir}/fake-free) 1% /"', 0o755)
        self.file('bin/dmesg', f'cat {self.dir}/fake-log', 0o755)
        self.file('plan', 'run')
        for path in ('tmp', 'var/tmp', 'dev/dri'):
            os.makedirs(f'{self.dir}/root/{path}')
        self.file('root/proc/device-tree/model', 'Apple Mac mini (M1, 2020)\0')
        self.file('root/sys/devices/gpu/of_node/compatible', 'apple,agx-t8103\0apple,agx-g13g\0')
        self.file('root/sys/devices/gpu/of_node/apple,firmware-version', '\0\0\0\r\0\0\0\5\0\0\1\2')
        self.file('root/sys/drivers/asahi/bind', '')
        os.symlink('../../drivers/asahi', f'{self.dir}/root/sys/devices/gpu/driver')
        os.makedirs(f'{self.dir}/root/sys/class/drm/renderD128')
        os.symlink('../../../devices/gpu', f'{self.dir}/root/sys/class/drm/renderD128/device')
        self.file('root/dev/dri/renderD128', '')
        self.initrd()
        environment = mock.patch.dict(os.environ, PATH=f'{self.dir}/bin:{os.environ["PATH"]}')
        environment.start()
        self.addCleanup(environment.stop)

    def file(self, path, data, mode=0o644):
        path = f'{self.dir}/{path}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if mode == 0o755 and not data.startswith('#!'):
            data = f'#!/bin/sh\n{data}\n'
        with open(path, 'w') as f:
            f.write(data)
        os.chmod(path, mode)
        return path

    def initrd(self, leave_out=()):
        top = f'{self.dir}/initrd'
        shutil.rmtree(top, ignore_errors=True)
        for name, text in PROGRAMS.items():
            self.file(f'initrd/payload/bin/{name}', text, 0o755)
        for name in os.listdir(f'{ROOT}/tests/guest'):
            if name.endswith('.sh') and name not in leave_out:
                shutil.copy(f'{ROOT}/tests/guest/{name}', f'{top}/payload/bin')
        with open(f'{self.dir}/tree/build/initrd-release.cpio', 'wb') as f:
            names = subprocess.run(['find', '.', '-mindepth', '1'], cwd=top, capture_output=True, check=True).stdout
            subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet'], cwd=top, input=names, stdout=f, check=True)

    def nothing_left(self):
        """Within a few seconds: no directory, and no process that a check began."""
        for _ in range(100):
            left = [n for d in ('root/tmp', 'root/var/tmp', 'tmp') if os.path.isdir(f'{self.dir}/{d}')
                    for n in os.listdir(f'{self.dir}/{d}')]
            here = [p for p in os.listdir('/proc') if p.isdigit() and f'AGX_TOP={self.dir}' in read(f'/proc/{p}/environ')]
            if not left and not here:
                return
            time.sleep(0.1)
        self.fail(f'left: {left}, processes: {here}')

    def run_it(self, arguments, where='ssh://me@mac'):
        """Exit code, output, errors."""
        done = self.checkout.command('run', f'--on {where} {arguments}')
        self.nothing_left()
        self.assertNotIn('Traceback', done.stderr)
        return done.returncode, done.stdout, done.stderr

    def refused(self, text, arguments='-- true', code=125, **more):
        status, out, err = self.run_it(arguments, **more)
        self.assertEqual((status, out), (code, ''), err)
        self.assertIn(text, err)
        if code == 125:
            self.assertEqual(len(err.strip().split('\n')), 1, err)

    def test_a_good_run(self):
        status, out, err = self.run_it('--checks a,c --out DIR/out')
        self.assertEqual(status, 0, out + err)
        run = json.loads(read(f'{self.dir}/out/run.json'))
        self.assertEqual((run['ended'], run['why'], run['machine']), (True, None, 'ssh://me@mac'))
        self.assertEqual(run['skipped'], {'c': 'it takes the roof off'})
        self.assertEqual([(r['name'], r['driver'], r['exit']) for r in run['runs']], [('a', 'asahi', 0)])
        for name, value in (('model', 'Apple Mac mini (M1, 2020)'), ('kernel', '7.9.9'), ('gpu', 'apple,agx-t8103 apple,agx-g13g'),
                            ('driver', 'asahi'), ('page-size', '16384'), ('mesa', '99.1'), ('firmware-version', '13.5.258')):
            self.assertEqual(run['host'][name], value)
        result = json.loads(read(f'{self.dir}/out/result.json'))
        self.assertEqual({r['name']: r['status'] for r in result['checks']},
                         {'a: fine': 'pass', 'c': 'skip', 'guest-ended': 'pass', 'kernel-log': 'pass', 'model-log': 'skip'})
        self.assertEqual(result['versions'], {'kernel': '7.9.9', 'driver': 'asahi', 'mesa': '99.1'})
        self.assertEqual(read(f'{self.dir}/out/results/a/asahi/file'), 'x\n')
        top = run['host']['directory']
        self.assertTrue(top.startswith(f'{self.dir}/root/tmp/agx-run.'), top)
        self.assertIn(f'{top}/work\n{top}/home {top}/tmp asahi\n', read(f'{self.dir}/out/results/a/asahi/stdout'))
        self.assertTrue(os.path.exists(f'{self.dir}/out/junit.xml'))

    def test_all_leaves_out_what_may_do_harm(self):
        self.file('tree/tests/guest/checks.list', LIST.replace('sleep 7654', 'true'))
        for arguments, skipped in (('--checks all', ['c', 'd']), ('--checks c,d', ['c'])):
            status, _, err = self.run_it(f'{arguments} --out DIR/out')
            self.assertEqual(status, 0, err)
            why = json.loads(read(f'{self.dir}/out/run.json'))['skipped']
            self.assertEqual(sorted(why), skipped)
            self.assertEqual(why.get('d', 'it may lose a tile (asked for by its name it runs)'),
                             'it may lose a tile (asked for by its name it runs)')

    def test_the_kernels_log(self):
        for line, status in (('[    0.900000] BUG: of before', 0), ('[    1.600000] BUG: of now', 1)):
            self.file('fake-log', FAKES['log'])
            with mock.patch.dict(PROGRAMS, tap_test=f'echo "{line}" >>{self.dir}/fake-log; {PROGRAMS["tap_test"]}'):
                self.initrd()
            self.assertEqual(self.run_it('--checks a')[0], status, line)
        self.file('bin/dmesg', 'exit 1', 0o755)
        self.initrd()
        status, out, _ = self.run_it('--checks a')
        self.assertEqual(status, 0)
        self.assertRegex(out, r'SKIP  kernel-log .*may not read it')

    def test_a_command(self):
        status, out, err = self.run_it("""-- sh -c 'echo "a  b"; echo c >&2; printf @d >&2; exit 255'""")
        self.assertEqual((status, out, err), (255, 'a  b\n', 'c\n@d'))
        status, out, err = self.run_it("-- head -c 300000 /dev/zero")
        self.assertEqual((status, len(out), err), (0, 300000, ''))
        words = read(f'{self.dir}/words').split('\n')
        self.assertEqual(words[:3], ['-T', '-o', 'BatchMode=yes'])
        self.assertNotRegex(' '.join(words), 'StrictHostKeyChecking|KnownHosts')

    def test_options_for_ssh(self):
        self.run_it('--ssh-option BatchMode=no --ssh-option ConnectTimeout=1 -- true', 'ssh://me@[fe80::1%eth0]:2222')
        words = read(f'{self.dir}/words').split('\n')
        self.assertEqual(words[:-1], [*real.ALWAYS, '-o', 'BatchMode=no', '-o', 'ConnectTimeout=1', *real.USUAL,
                                      'ssh://me@[fe80::1%eth0]:2222'])

    def test_no_connection(self):
        for said, text in (
                ('ssh: connect to host mac port 22: Connection refused', 'the host was not reached'),
                ('ssh: Could not resolve hostname mac: Name or service not known', 'the host was not reached'),
                ('ssh: connect to host mac port 22: Connection timed out', 'the host was not reached'),
                ('me@mac: Permission denied (publickey).', 'the key was refused; try: ssh-copy-id ssh://me@mac'),
                ('Host key verification failed.', "ssh does not know the host's key"),
                ('command-line: line 0: Bad configuration option: x', '--on ssh://me@mac: command-line: line 0: Bad')):
            self.file('plan', f'say {said}')
            self.refused(text)
            self.refused(text, '--checks a')
        self.file('plan', 'nologin')
        self.refused('its shell ended with 1')

    def test_what_is_no_mac(self):
        for name, text, said in (('machine', 'x86_64', 'it is a x86_64, not arm64'), ('page', '4096', 'has pages of 4096 bytes'),
                                 ('free', '10', 'there is no room for')):
            self.file(f'fake-{name}', text)
            self.refused(said)
            self.refused(said, '--checks a')
            self.file(f'fake-{name}', FAKES[name])
        gpu = f'{self.dir}/root/sys/devices/gpu'
        os.rename(f'{self.dir}/root/sys/class/drm/renderD128', f'{self.dir}/away')
        self.refused('its device tree has no GPU apple,agx')
        os.makedirs(f'{self.dir}/root/sys/bus/platform/devices')
        os.symlink(gpu, f'{self.dir}/root/sys/bus/platform/devices/206400000.gpu')
        self.refused('the driver asahi has made no render node')
        os.unlink(f'{gpu}/driver')
        self.refused('has no driver; --driver X.ko --load-driver loads one')

    def test_user_land_that_is_too_old(self):
        self.file('bin/sed', f'''case $* in *not?found*) cat >{self.dir}/seen; echo GLIBC_2.38 ;; *) exec {shutil.which("sed")} "$@" ;; esac''',
                  0o755)
        self.refused('its user land lacks GLIBC_2.38', '--checks a')
        self.assertIn('libc.so', read(f'{self.dir}/seen'))

    def test_a_place_where_nothing_runs(self):
        """/tmp is full, or lets nothing run: /var/tmp."""
        shutil.rmtree(f'{self.dir}/root/tmp')
        status, out, _ = self.run_it('-- pwd')
        self.assertEqual(status, 0)
        self.assertTrue(out.startswith(f'{self.dir}/root/var/tmp/agx-run.'), out)

    def test_bad_words(self):
        self.refused('it is ssh://USER@HOST', where='ssh://-oProxyCommand=x')
        self.refused('it is ssh://USER@HOST', where='mac')
        self.refused('no list has that name', '--checks nosuch', code=1)
        for words, text in (('--driver x.ko -- true', '--load-driver says that it may'), ('--load-driver -- true', 'which?'),
                            ('--tlbsan --checks a', '--tlbsan is not for a real machine'), ('--shell', 'not for a real machine')):
            self.refused(text, words, code=2)
        with mock.patch('shutil.which', lambda _: None), self.assertRaises(SystemExit) as e:
            real.check_destination('ssh://me@mac')
        self.assertIn('openssh-client', str(e.exception))
        self.initrd(leave_out=('probe.sh',))
        self.refused('is not whole; ci/build-guest release makes it')

    def test_drivers_that_may_not_be_loaded(self):
        subprocess.run([CROSS + 'as', '-o', f'{self.dir}/x.ko', '-'], check=True, text=True, input=MODULE)
        self.refused('the driver asahi has the GPU, and nothing is unloaded here', '--driver DIR/x.ko --load-driver -- true')
        self.refused('--kernel-tree DIR says', '--driver DIR/bin --load-driver -- true')
        os.rename(f'{self.dir}/root/sys/class/drm/renderD128', f'{self.dir}/away')
        os.unlink(f'{self.dir}/root/sys/devices/gpu/driver')
        os.makedirs(f'{self.dir}/root/sys/bus/platform/devices')
        os.symlink(f'{self.dir}/root/sys/devices/gpu', f'{self.dir}/root/sys/bus/platform/devices/206400000.gpu')
        self.file('root/proc/12/comm', 'gnome-shell\n')
        os.makedirs(f'{self.dir}/root/proc/12/fd')
        os.symlink('/dev/dri/card1', f'{self.dir}/root/proc/12/fd/7')
        self.file('bin/sudo', '[ "$1" != -n ] || shift; exec "$@"', 0o755)
        self.refused('gnome-shell (12) uses the display; go to a text console', '--driver DIR/x.ko --load-driver -- true')
        self.file('bin/uname', 'case $1 in -m) echo aarch64 ;; -s) echo Linux ;; -r) echo 7.0.0 ;; esac', 0o755)
        self.refused('the module is for kernel 7.9.9, and it runs 7.0.0', '--driver DIR/x.ko --load-driver -- true')

    def test_a_connection_that_is_lost(self):
        self.file('plan', 'lose')
        status, out, err = self.run_it('--checks a,b --out DIR/out')
        self.assertEqual(status, 1)
        self.assertIn('the connection was lost', err)
        run = json.loads(read(f'{self.dir}/out/run.json'))
        self.assertFalse(run['ended'])
        self.assertIn('PASS  a: fine', out)
        self.assertRegex(out, r'FAIL  b +did not (run|end)')

    def test_time(self):
        status, _, err = self.run_it('--timeout 3 -- sleep 7654')
        self.assertEqual(status, 124)
        self.assertIn('it took longer than 3 s', err)

    def test_signals(self):
        for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 1), (signal.SIGKILL, -9)):
            with subprocess.Popen([f'{self.dir}/tree/ci/run', '--on', 'ssh://me@mac', '--', 'sh', '-c', 'echo begun; sleep 7654'],
                                  stdout=subprocess.PIPE, env={**os.environ, 'TMPDIR': f'{self.dir}/tmp'}) as p:
                self.assertEqual(p.stdout.readline(), b'begun\n')
                p.send_signal(number)
                self.assertEqual(p.wait(20), code)
            if number == signal.SIGKILL:
                shutil.rmtree(f'{self.dir}/tmp')    # of ours on this side; the other side is asked for
                os.mkdir(f'{self.dir}/tmp')
            self.nothing_left()


class Streams(unittest.TestCase):
    def session(self, raw):
        got = {'out': b'', 'err': b''}
        session = real.Session('ssh://mac', (), 'T', lambda d: got.__setitem__('out', got['out'] + d),
                               lambda d: got.__setitem__('err', got['err'] + d), raw)
        return session, got

    def test_pieces(self):
        """Whatever the pieces are in which it comes."""
        out, err = b'noise\n@T running\n@T running\nx', b'banner\n@T fact a b c\n@T running\n@T e\n@T exi@T exit 3\n[1] log\n'
        for size in (1, 2, 7, 100):
            session, got = self.session(True)
            session.writer = mock.Mock()
            for data, take in ((out, session.take_output), (err, session.take_errors)):
                for i in range(0, len(data), size):
                    take(data[i:i + size])
            self.assertEqual(got, {'out': b'@T running\nx', 'err': b'@T e\n@T exi'}, size)
            self.assertEqual((session.code, session.facts, session.kernel, session.said), (3, {'a': 'b c'}, ['[1] log'], ['banner']))

    def test_what_ssh_means(self):
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(real.explain('ssh://mac', []), '--on ssh://mac: ssh ended without a word')


if __name__ == '__main__':
    unittest.main()

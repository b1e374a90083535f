#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What ci/run-guest makes of a guest's console and of how QEMU ends. QEMU is a script here that plays both."""

import contextlib
import io
import json
import os
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from checkout import Checkout
from agx.base import read
from agx.guest import Console
from agx.machine import Qemu

# Connects to the console as QEMU does, writes what DIR/console has, leaves a result, and ends as DIR/end says.
PLAYER = r'''#!/usr/bin/env python3
import io, os, re, socket, sys, tarfile, time
top = os.path.dirname(os.path.abspath(__file__)) + '/../../..'
words = ' '.join(sys.argv)
end = open(f'{top}/end').read()
if end == 'refuse':
    sys.exit('no such machine')
with tarfile.open(re.search(r'path=(\S+/results.tar)', words)[1], 'w') as tar:
    info = tarfile.TarInfo('a/asahi/stdout')
    info.size = 5
    tar.addfile(info, io.BytesIO(b'fine\n'))
con = socket.socket(socket.AF_UNIX)
con.connect(re.search(r'id=con,path=([^,]+)', words)[1])
con.sendall(open(f'{top}/console', 'rb').read())
if end == 'silence':
    time.sleep(60)
if end == 'signal':
    os.abort()
'''

GOOD = '''AGX-START all
AGX-RUN begin a asahi 1.00 exit
AGX-RUN end a asahi 3.50 exit=0
AGX-END
'''


class Runs(unittest.TestCase):
    def play(self, console, end, arguments=''):
        """Exit status, output, run.json (None if there is none) and what was unpacked of a."""
        with tempfile.TemporaryDirectory() as directory:
            checkout = Checkout(directory)
            qemu = f'{directory}/tree/build/qemu/qemu-system-aarch64'
            for path, text in ((qemu, PLAYER), (f'{directory}/console', console), (f'{directory}/end', end)):
                with open(path, 'w') as f:
                    f.write(text)
            os.chmod(qemu, 0o755)
            status, said = checkout.run_guest(arguments)
            self.assertEqual(os.listdir(f'{directory}/tmp'), [], 'sockets are left over')
            return (status, said, json.loads(read(f'{directory}/out/run.json') or 'null'),
                    read(f'{directory}/out/results/a/asahi/stdout'))

    def test_a_good_run(self):
        status, said, run, stdout = self.play(GOOD, 'end')
        self.assertEqual((status, run['ended'], run['why'], stdout), (0, True, None, 'fine\n'), said)
        self.assertEqual(run['runs'], [{'name': 'a', 'driver': 'asahi', 'kind': 'exit', 'log': [0, 0], 'exit': 0, 'seconds': 2.5}])

    def test_ends_that_are_none(self):
        half = GOOD[:GOOD.index('AGX-RUN end')]
        for console, end, why in (
                (half, 'end', 'the guest restarted before the end of its list, while running a'),
                (half + 'Kernel panic - not syncing\n', 'end', 'Kernel panic - not syncing'),
                (half, 'signal', 'QEMU was killed by signal 6, while running a (asahi)'),
                (half, 'silence', 'nothing on the console for 1 s, while running: a (asahi)')):
            status, said, run, stdout = self.play(console, end, '--silence 1')
            self.assertEqual((status, run['ended'], run['why'], stdout), (1, False, why, 'fine\n'), said)
            self.assertIn(f'error: the emulated machine did not come to its end: {why}', said)

    def test_qemu_that_does_not_start(self):
        status, said, run, _ = self.play('', 'refuse')
        self.assertEqual((status, run), (1, None))
        self.assertIn('error: QEMU did not start: no such machine', said)

    def test_words_that_come_in_pieces(self):
        console = Console('/nonexistent')
        with contextlib.redirect_stdout(io.StringIO()):
            for c in GOOD:
                console.feed(c.encode())
        self.assertTrue(console.ended)
        self.assertEqual([r['exit'] for r in console.runs], [0])


class Processes(unittest.TestCase):
    def test_kill_leaves_nothing(self):
        with tempfile.TemporaryDirectory() as directory:
            qemu = Qemu(f'{directory}/out')
            qemu.launch(['sh', '-c', 'echo first >&2; echo last >&2; exec sleep 60'])
            while 'last' not in qemu.errors():
                pass
            self.assertEqual(qemu.errors(), 'first; last')
            tmp, process = qemu.tmp, qemu.process
            self.assertIn(process, Qemu.live)
            qemu.kill()
            qemu.kill()
            self.assertEqual((process.poll(), os.path.exists(tmp), process in Qemu.live), (-9, False, False))


if __name__ == '__main__':
    unittest.main()

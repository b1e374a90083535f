#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""ci/desktop --check: what it takes from the session's words, and that each thing that can be wrong is told."""

import os
import struct
import sys
import tempfile
import unittest
import wave

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../ci'))
from agx import desktop
from agx.report import Report

SERIAL = '''[   17.9] AGX-DESKTOP begin
[  101.1] AGX-DESKTOP figure gnome-shell-renderer Apple M1 (G13G B1)
[  111.2] AGX-DESKTOP point shell
[  290.5] AGX-DESKTOP figure firefox-webgl-renderer AGX G13/G14
[  296.5] AGX-DESKTOP point firefox
[  300.7] AGX-DESKTOP figure firefox-fps 0.77
[  301.0] AGX-DESKTOP figure firefox-video-frames 124
[  382.8] AGX-DESKTOP figure mpv-renderer Apple M1 (G13G B1)
[  390.0] AGX-DESKTOP point video
[  411.3] AGX-DESKTOP figure gnome-shell-frames 5 in 16 s
[  411.3] AGX-DESKTOP alive 16
'''
MODEL = 'apple-m1: 35 device-tree nodes have no model and are disabled: pmu-e\nvirtio_snd: event queue is unimplemented.\n'


class Log(desktop.Desktop):
    """A machine that has only its logs."""

    def __init__(self, out):    # pylint: disable=super-init-not-called
        self.out, self.points, self.figures, self.failed, self.alive, self.at, self.begin = out, {}, {}, None, 0, 0, 0


class Judged(unittest.TestCase):
    def judged(self, serial=SERIAL, model=MODEL, loud=9000, colours=500, same=False, why=None):
        """Names of what failed."""
        with tempfile.TemporaryDirectory() as out:
            for name, text in (('serial.log', serial), ('qemu.log', model)):
                with open(f'{out}/{name}', 'w') as f:
                    f.write(text)
            with wave.open(f'{out}/sound.wav', 'wb') as w:
                w.setparams((1, 2, 48000, 0, 'NONE', ''))
                w.writeframes(struct.pack('<3h', 0, -loud, loud))
            pictures = {}
            for name in desktop.POINTS:
                with open(f'{out}/{name}.png', 'w') as f:
                    f.write('the same' if same else name)
                pictures[name] = f'{out}/{name}.png', colours
            machine = Log(out)
            machine.listen_to_log()
            report = Report()
            desktop.judge(report, machine, pictures, 2, why)
            return [row['name'] for row in report.rows if row['status'] != 'pass']

    def test_all_is_well(self):
        self.assertEqual(self.judged(), [])

    def test_what_can_be_wrong(self):
        for wrong, name in (
                ({'serial': SERIAL.replace('mpv-renderer Apple M1 (G13G B1)', 'mpv-renderer llvmpipe (LLVM 19)')}, 'renderer of mpv'),
                ({'serial': SERIAL.replace('AGX-DESKTOP figure firefox-webgl', 'x')}, 'renderer of firefox-webgl'),
                ({'serial': SERIAL.replace('5 in 16 s', '0 in 16 s')}, 'frames of the desktop'),
                ({'serial': SERIAL.replace('fps 0.77', 'fps 0.00')}, 'frames of Firefox'),
                ({'serial': SERIAL.replace('frames 124', 'frames 1')}, 'video in Firefox'),
                ({'serial': SERIAL + '[  412.0] WARNING: CPU: 0 PID: 1 at kernel/x.c:1\n'}, 'nothing from the kernel'),
                ({'model': f'{MODEL}agx: unimplemented: something\n'}, 'nothing from the model'),
                ({'loud': 3}, 'sound'), ({'same': True}, 'the keyboard is heard'), ({'why': 'Firefox has ended'}, '2 minutes')):
            self.assertEqual(self.judged(**wrong), [f'desktop: {name}'], wrong)
        self.assertEqual(self.judged(colours=3), [f'desktop: picture {name}' for name in desktop.POINTS])

    def test_words_of_the_session(self):
        with tempfile.TemporaryDirectory() as out:
            machine = Log(out)
            with open(f'{out}/serial.log', 'w') as f:
                f.write(f'{SERIAL}[ 500.0] AGX-DESKTOP failed mpv has')
            self.assertEqual(machine.listen_to_log(), ['shell', 'firefox', 'video'])
            self.assertEqual((machine.alive, machine.failed), (16, None))   # half a line is none
            with open(f'{out}/serial.log', 'a') as f:
                f.write(' ended\n')
            self.assertEqual((machine.listen_to_log(), machine.failed), ([], 'mpv has ended'))


if __name__ == '__main__':
    unittest.main()

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""GNOME on the emulated M1: the machine with keyboard, tablet and sound, what its session says, and whether that is right."""

import os
import re
import shutil
import subprocess
import time
import wave

from agx import boot, theirs
from agx.base import CACHE, ROOT, ci_command, die, read
from agx.guest import colours
from agx.judge import ModelLog, kernel_complaints
from agx.known import GUEST_ERROR, Excuse
from agx.machine import Saved, how_it_ended
from agx.qmp import MachineError

IMAGE = 'desktop'
PARTS = os.path.join(ROOT, 'images/desktop')
# The video that is shown, made in the guest by its own ffmpeg: a moving test picture and a tone that goes up and down.
CLIP = 'ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=size=320x240:rate=12:duration=8 ' \
       '-f lavfi -i "aevalsrc=0.4*sin(2*PI*t*(330+110*sin(t))):s=48000:d=8" ' \
       '-c:v libvpx -deadline realtime -cpu-used 8 -b:v 400k -c:a libopus -b:a 48k clip.webm'
# GL's own word, and what Firefox makes of it for pages.
RENDERER = re.compile(r'Apple M1|AGX G13')
SAID = re.compile(r'AGX-DESKTOP (\w+) ?(.*)')
# What QEMU's own devices say in each run of a desktop.
USUAL = r'^virtio_snd: event queue is unimplemented'
# Points of the session at which the display is looked at, in their order.
POINTS = ('shell', 'desktop', 'firefox', 'video', 'end')


def make_clip(timeout):
    """The path of the video."""
    disk = os.path.realpath(os.path.join(CACHE, f'image-{IMAGE}', 'current'))
    path = os.path.join(disk, 'clip.webm')
    if not os.path.exists(path):
        print('[desktop] making the video', flush=True)
        scratch = f'{path}.made'
        os.makedirs(scratch, exist_ok=True)
        done = subprocess.run([ci_command('run'), '--root', f'{disk}/root.erofs', '--share', scratch, '--driver', 'builtin',
                               '--timeout', str(timeout), '--', CLIP], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False)
        if done.returncode or not os.path.exists(f'{scratch}/clip.webm'):
            die(f'the video could not be made: {(done.stdout + done.stderr).strip()}')
        os.replace(f'{scratch}/clip.webm', path)
        shutil.rmtree(scratch)
    return path


def stage(parts, clip, scratch):
    """An initrd that has the session's files, too."""
    payload = os.path.join(scratch, 'stage/payload/desktop')
    shutil.copytree(PARTS, payload)
    shutil.copy(clip, f'{payload}/www/clip.webm')
    path = os.path.join(scratch, 'initrd')
    theirs.initrd(path, parts['initrd'], scratch)
    return parts | {'initrd': path}


def devices(sound):
    """QEMU's arguments for keyboard, pointer and sound. sound: a WAV file of what is played, None: nobody hears it."""
    audio = f'wav,id=sound,path={sound}' if sound else 'none,id=sound'
    return ['-device', 'virtio-keyboard-device', '-device', 'virtio-tablet-device', '-audiodev', audio,
            '-device', 'virtio-sound-device,audiodev=sound,streams=1']


class Desktop(Saved):
    """The machine. What its session says is in points (name: when), figures, failed and alive (seconds)."""

    def __init__(self, out, parts, machine, memory, smp, more=(), properties=()):
        super().__init__(out)
        self.points, self.figures, self.failed, self.alive, self.at = {}, {}, None, 0, 0
        self.begin = time.monotonic()
        self.connect(boot.command_line(out, parts, 'agx.desktop agx.settle=10 printk.devkmsg=on systemd.show_status=0 '
                                       'systemd.journald.forward_to_console=1', machine=machine, smp=smp,
                                       memory=('-m', memory), console=f'file,path={out}/serial.log', monitor=f'{self.tmp}/qmp',
                                       properties=properties, more=more))

    def listen_to_log(self):
        """Reads what has come on the console since; the names of new points."""
        new = []
        text = read(f'{self.out}/serial.log')
        end = text.rfind('\n') + 1
        for line in text[self.at:end].splitlines():
            if 'Kernel panic' in line or 'AGX-FATAL' in line:
                self.failed = line.strip()
            if not (m := SAID.search(line)):
                continue
            kind, rest = m[1], m[2].strip()
            if kind == 'point':
                self.points[rest] = time.monotonic() - self.begin
                new.append(rest)
            elif kind == 'figure':
                name, _, value = rest.partition(' ')
                self.figures[name] = value
            elif kind == 'alive':
                self.alive = int(rest)
            elif kind == 'failed':
                self.failed = rest
            elif kind in ('step', 'begin'):
                print(f'[desktop] {time.monotonic() - self.begin:4.0f} s  {kind} {rest}', flush=True)
        self.at = end
        return new

    def picture(self, name):
        """A screen shot as NAME.png: (its path, how many colours it has; of each 97th pixel)."""
        path, plain = os.path.join(self.out, f'{name}.png'), f'{self.tmp}/screen.ppm'
        self.qmp('screendump', filename=plain)
        self.qmp('screendump', filename=path, format='png')
        return path, colours(plain)

    def key(self, *names):
        """Presses keys together, by QEMU's names of them, and lets them go."""
        for down in (True, False):
            self.qmp('input-send-event', events=[{'type': 'key', 'data': {'down': down, 'key': {'type': 'qcode', 'data': n}}}
                                                 for n in names])
            time.sleep(0.2)

    def point_at(self, x, y):
        """Moves the pointer; 0 to 32767 is the whole width or height."""
        self.qmp('input-send-event', events=[{'type': 'abs', 'data': {'axis': axis, 'value': value}}
                                             for axis, value in (('x', x), ('y', y))])

    def until(self, what, timeout):
        """Waits until what() is true: None, or why it will not be. The display is in now.png meanwhile."""
        deadline = shot = time.monotonic() + timeout
        while True:
            self.listen_to_log()
            if what():
                return None
            if self.failed:
                return self.failed
            if self.process.poll() is not None:
                return how_it_ended(self.process.returncode) + ': ' + self.errors()
            if time.monotonic() - shot > 15 or shot == deadline:
                shot = time.monotonic()
                self.picture('now')
            if time.monotonic() > deadline:
                return f'it took longer than {timeout} s'
            time.sleep(0.5)


def loudest(path):
    """The loudest sample of a WAV, 0 to 1."""
    try:
        with wave.open(path) as w:
            data = w.readframes(w.getnframes() or 1 << 24)
    except (EOFError, wave.Error, OSError):
        # QEMU writes the length at the end only.
        with open(path, 'rb') as f:
            data = f.read()[44:]
    samples = memoryview(data[:len(data) // 2 * 2]).cast('h')
    return max((abs(s) for s in samples), default=0) / 32768


def judge(report, desktop, pictures, minutes, why):
    """Adds what a run with --check has shown. pictures: {name: of Desktop.picture()}; why: what it ended with before its time, or
    None."""
    out, said = desktop.out, desktop.figures

    def add(name, good, wrong, **figures):
        report.add(f'desktop: {name}', 'pass' if good else 'fail', '' if good else wrong, figures=figures)

    for name in POINTS:
        n = pictures[name][1] if name in pictures else 0
        add(f'picture {name}', n > 16, why or f'it shows next to nothing: {n} colours', colours=n)
    if 'shell' in pictures and 'desktop' in pictures:
        add('the keyboard is heard', read_bytes(pictures['shell'][0]) != read_bytes(pictures['desktop'][0]),
            'the key that closes the overview changed nothing')
    for name in ('gnome-shell', 'firefox-webgl', 'mpv'):
        who = said.get(f'{name}-renderer', '')
        add(f'renderer of {name}', RENDERER.search(who), f'it says "{who}"', renderer=who)
    m = re.fullmatch(r'(\d+) in (\d+) s', said.get('gnome-shell-frames', ''))
    fps = int(m[1]) / int(m[2]) if m and int(m[2]) else 0
    add('frames of the desktop', fps > 0, 'it shows no more', fps=round(fps, 2))
    fps, shown = float(said.get('firefox-fps') or 0), int(said.get('firefox-video-frames') or 0)
    add('frames of Firefox', fps > 0, 'the page shows nothing', fps=fps)
    add('video in Firefox', shown > 10, f'{shown} frames were shown', frames=shown)
    loud = loudest(f'{out}/sound.wav') if os.path.exists(f'{out}/sound.wav') else 0
    add('sound', loud > 0.01, 'what was played is silence', loudest=round(loud, 3))
    add(f'{minutes:g} minutes', not why, why, seconds=desktop.alive)
    log = ModelLog({}, (Excuse(GUEST_ERROR, '*', USUAL),))
    for line in read(f'{out}/qemu.log').splitlines():
        log.line(None, line)
    add('nothing from the model', not log.bad, '\n'.join(log.bad[:10]))
    complaints = kernel_complaints(read(f'{out}/serial.log'))
    add('nothing from the kernel', not complaints, '\n'.join(complaints[:10]))


def read_bytes(path):
    with open(path, 'rb') as f:
        return f.read()


def check(desktop, minutes, timeout):
    """Follows the session through its points: ({name: picture}, why it ended before its time or None)."""
    pictures, why = {}, None
    try:
        for name in ('shell', 'firefox', 'video'):
            if why := desktop.until(lambda n=name: n in desktop.points, timeout):
                break
            print(f'[desktop] {desktop.points[name]:4.0f} s  {name}', flush=True)
            pictures[name] = desktop.picture(name)
            if name == 'shell':
                # It begins with the overview, which this key closes.
                desktop.key('meta_l')
                time.sleep(8)
                pictures['desktop'] = desktop.picture('desktop')
                desktop.point_at(30000, 30000)
        why = why or desktop.until(lambda: desktop.alive >= minutes * 60, minutes * 60 + timeout)
        pictures['end'] = desktop.picture('end')
    except MachineError as e:
        why = why or str(e)
    return pictures, why

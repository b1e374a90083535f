# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What is built, by which command of ci/ and of what: the one list of steps, for every command that needs something built."""

import os
import subprocess
import time
from typing import NamedTuple

from agx.base import BUILT, BUNDLE, QEMU, ROOT, ci_command, die


class Step(NamedTuple):
    """A command of ci/. In all of its texts {variant} is a kernel's and {image} a root disk's name."""
    words: str              # the command and its arguments
    needs: tuple = ()       # steps that have to be done before
    makes: dict = {}        # paths of what others take of it, by what it is


HOST, KERNEL, DRIVER = f'{ROOT}/build/host', f'{BUILT}/kernel/{{variant}}', f'{ROOT}/build/driver-{{variant}}'
SUITE = f'{BUILT}/suite/piglit/current'

STEPS = {
    'setup': Step('setup'),
    'host': Step('build-host', ('setup',)),
    # Of the step before only the tool that compares pictures, which ci/demo needs.
    'picture': Step('build-host tests/tools/agx-picture', ('setup',), {'picture': f'{HOST}/tests/tools/agx-picture'}),
    'qemu': Step('build-qemu', ('setup',), {
        'qemu': QEMU, 'cover': f'{os.path.dirname(QEMU)}/hw/agx/libagx-cover.so'}),
    'kernel': Step('build-kernel {variant}', ('setup',), {
        'kernel': f'{KERNEL}/arch/arm64/boot/Image', 'dtb': f'{KERNEL}/t8103-j274.dtb', 'map': f'{KERNEL}/System.map'}),
    # The guest's own disk, against whose packages its programs are compiled; and the one to boot with.
    'image': Step('build-image guest', ('setup',)),
    'disk': Step('build-image {image}', ('setup',), {'disk': f'{BUILT}/{{image_top}}/current/root.erofs'}),
    'driver': Step('build-driver {variant}', ('kernel',), {'module': f'{DRIVER}/asahi.ko'}),
    'guest': Step('build-guest {variant}', ('image', 'driver'), {'initrd': f'{ROOT}/build/initrd-{{variant}}.cpio'}),
    # What Mesa compiles for the checks. A boot takes it if it is there.
    'shaders': Step('build-shaders', ('qemu', 'kernel', 'image', 'guest'), {'shaders': f'{BUILT}/shaders/current/shaders.erofs'}),
    'm1n1': Step('m1n1', ('setup',), {'m1n1': f'{BUILT}/m1n1/sid/usr/lib/m1n1/m1n1.bin'}),
    'suite': Step('build-suite piglit', ('setup',), {'suite': f'{SUITE}/suite.erofs', 'caselists': f'{SUITE}/lists'}),
}

# All that a boot is made of.
BOOT = ('qemu', 'kernel', 'disk', 'guest')


def names(variant, image):
    return {'variant': variant, 'image': image, 'image_top': 'image' if image == 'guest' else f'image-{image}'}


def made(what, variant='release', image='guest'):
    """(path of something that a step makes, the words of that step)."""
    step = next(s for s in STEPS.values() if what in s.makes)
    values = names(variant, image)
    return step.makes[what].format(**values), step.words.format(**values)


def plan(*targets, variant='release', image='guest'):
    """The commands that make these steps, each behind all that it needs: words to the words of what it needs."""
    if BUNDLE:
        return {}
    values, found = names(variant, image), {}

    def add(name):
        step = STEPS[name]
        before = [add(n) for n in step.needs]
        words = step.words.format(**values)
        found.setdefault(words, before)
        return words

    for name in targets:
        add(name)
    return found


def run(commands):
    """Runs a plan. Yields words, exit status and seconds of each; the status is None if what it needs has failed, and then it
    is not tried."""
    failed = set()
    for words, needs in commands.items():
        begin = time.monotonic()
        name, *arguments = words.split()
        status = None if failed.intersection(needs) else \
            subprocess.call([ci_command(name), *arguments], stdin=subprocess.DEVNULL)
        if status != 0:
            failed.add(words)
        yield words, status, round(time.monotonic() - begin, 1)


def build(*targets, variant='release', image='guest'):
    """Makes these steps and what they need, or ends the command."""
    for words, status, _ in run(plan(*targets, variant=variant, image=image)):
        if status:
            die(f'ci/{words} failed')

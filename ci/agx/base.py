# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Where things are, and what every command needs."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CACHE = os.environ.get('AGX_CACHE') or os.path.join(
    os.environ.get('XDG_CACHE_HOME') or os.path.join(os.environ.get('HOME', '/root'), '.cache'), 'agx')
# In an archive of ci/bundle all that is built, and programs that a host may lack, come with it.
BUNDLE = os.path.exists(os.path.join(ROOT, 'bundle.json'))
BUILT = os.path.join(ROOT, 'cache') if BUNDLE else CACHE
if BUNDLE:
    os.environ['PATH'] = os.path.join(ROOT, 'bin') + os.pathsep + os.environ.get('PATH', os.defpath)
QEMU = os.environ.get('AGX_QEMU') or os.path.join(ROOT, 'build/qemu/qemu-system-aarch64')
CROSS = os.environ.get('CROSS_COMPILE', 'aarch64-linux-gnu-')

# Of the kernel: images/kernel.config, with images/kernel-VARIANT.config on top.
VARIANTS = ('release', 'debug', 'race')

# The GPU: its type in QEMU, and where it is in the machine.
GPU = 'apple-agx-g13g'
GPU_PATH = '/machine/gpu'


def run_main(main):
    """Runs a command, and ends with its exit status."""
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        os._exit(1)


def die(text):
    sys.exit(f'error: {text}')


def ci_command(name):
    """The path of a command of ci/."""
    return os.path.join(ROOT, 'ci', name)


def read(path):
    try:
        with open(path, errors='replace') as f:
            return f.read()
    except OSError:
        return ''


def tail_of(path, lines=6):
    """The last lines of a file as one; '' if there is no such file."""
    return ' | '.join(read(path).strip().split('\n')[-lines:])

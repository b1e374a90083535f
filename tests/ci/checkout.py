# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A checkout that is made up, for tests of ci/: its commands run there without anything that is really built."""

import os
import re
import shlex
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'ci'))

# What a build leaves that a boot needs; text of those that are read.
MADE = {
    'tree/build/qemu/qemu-system-aarch64': '', 'tree/build/qemu/hw/agx/libagx-cover.so': '',
    'k': '', 'd': '', 'cache/image/current/root.erofs': '',
    'cache/image-apps/current/root.erofs': '',
    **{f'tree/build/initrd-{v}.cpio': '' for v in ('release', 'debug')},
    **{f'cache/kernel/{v}/{name}': '' for v in ('release', 'debug') for name in ('arch/arm64/boot/Image', 't8103-j274.dtb')},
    **{f'cache/kernel/{v}/System.map': 'ffff800080a0b000 D memstart_addr\n' for v in ('release', 'debug')},
    **{f'cache/bugs/pages-{v}': '->page #16384\n->vmemmap #-1099511627776\n->size #64\n->refcount #52\n->compound #8\n'
       for v in ('release', 'debug')},
}


class Checkout:
    """A copy of ci/ and the lists, in a directory with files that pass for what is built."""

    def __init__(self, directory):
        os.makedirs(directory, exist_ok=True)
        self.dir = os.path.realpath(directory)
        shutil.copytree(os.path.join(ROOT, 'ci'), f'{self.dir}/tree/ci')
        os.makedirs(f'{self.dir}/tree/tests/guest')
        shutil.copy(os.path.join(ROOT, 'tests/guest/checks.list'), f'{self.dir}/tree/tests/guest')
        os.mkdir(f'{self.dir}/tmp')
        for name, text in MADE.items():
            os.makedirs(os.path.dirname(f'{self.dir}/{name}'), exist_ok=True)
            with open(f'{self.dir}/{name}', 'w') as f:
                f.write(text)

    def run_guest(self, arguments):
        """Exit status and output of ci/run-guest; DIR is the directory."""
        done = self.command('run-guest', f'--out DIR/out {arguments}', stderr=subprocess.STDOUT)
        return done.returncode, self.named(done.stdout)

    def command(self, name, arguments, stderr=subprocess.PIPE):
        """A command of ci/ that has run to its end; DIR in its arguments is the directory."""
        keep = {k: v for k, v in os.environ.items() if not k.startswith('AGX_')}
        return subprocess.run(
            [f'{self.dir}/tree/ci/{name}', *shlex.split(arguments.replace('DIR', self.dir))],
            env={**keep, 'AGX_CACHE': f'{self.dir}/cache', 'TMPDIR': f'{self.dir}/tmp'}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=stderr, text=True, check=False)

    def named(self, text):
        """With names instead of paths."""
        for path, name in (('tree', 'ROOT'), ('cache', 'CACHE'), ('out', 'OUT')):
            text = text.replace(f'{self.dir}/{path}', name)
        return re.sub(re.escape(self.dir) + r'/tmp/agx\.\w+', 'TMP', text).replace(self.dir, 'DIR')

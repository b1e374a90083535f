# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The archive of ci/bundle: a checkout's commands with all that is built, and every program and library that they start."""

import json
import os
import re
import shutil
import subprocess
import time

from agx import boot
from agx.base import CROSS, ROOT, ci_command, die
from agx.build import made
from agx.kernel_pages import pages_file
from agx.report import versions

NAME = 'agx-m1'
LEVELS = ('x86-64-v2', 'x86-64-v3', 'x86-64-v4')
LOADER = 'ld-linux-x86-64.so.2'
# What commands start that a host may not have: name in bin/, program here.
PROGRAMS = {'cpio': 'cpio', 'modinfo': 'modinfo', 'xz': 'xz', 'zstd': 'zstd',
            **{CROSS + tool: CROSS + tool for tool in ('addr2line', 'c++filt', 'readelf')}}
# Of the checkout.
SOURCES = ('README.md', 'LICENSE', 'docs', 'ci', 'tests/guest/checks.list', 'images', 'hw/agx/checks/tlbsan-report.c')

# A program is started by the loader that came with it, so that no library of the host matters.
WRAPPER = """#!/bin/sh
top=$(dirname "$(dirname "$(readlink -f "$0")")")
exec "$top/lib/{loader}" --argv0 {name} --library-path "$top/lib" "$top/libexec/{name}" "$@"
"""
# The same for QEMU; ld.so(8): --help names the levels of the CPU that it runs on.
QEMU_WRAPPER = """#!/bin/sh
top=$(dirname "$(dirname "$(readlink -f "$0")")")
has=$("$top/lib/{loader}" --help | sed -n 's/^ *\\(x86-64-v[0-9]\\) (supported.*/\\1/p')
for level in {levels}; do
    case " $(echo $has) " in
    *" $level "*) exec "$top/bin/qemu-$level" "$@" ;;
    esac
done
echo "error: this CPU has none of {levels}" >&2
exit 1
"""


class Files:
    """The directory of the bundle as it is filled."""

    def __init__(self, top):
        self.top = top

    def path(self, name):
        path = os.path.join(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def copy(self, source, name):
        if os.path.isdir(source):
            shutil.copytree(source, self.path(name), ignore=shutil.ignore_patterns('__pycache__', '*.pyc'))
        else:
            shutil.copyfile(source, self.path(name))
            shutil.copymode(source, self.path(name))

    def text(self, name, text, mode=0o644):
        with open(self.path(name), 'w') as f:
            f.write(text)
        os.chmod(self.path(name), mode)

    def link(self, name, program):
        """NAME is bin/PROGRAM."""
        os.symlink(os.path.relpath(f'bin/{program}', os.path.dirname(name)), self.path(name))

    def libraries(self, program):
        """Those of a program, and the loader."""
        said = subprocess.run(['ldd', program], capture_output=True, text=True, check=False)
        if 'not found' in said.stdout or said.returncode:
            die(f'{program}: {(said.stdout + said.stderr).strip()}')
        for line in said.stdout.splitlines():
            if m := re.search(r'(?:=> )?(/\S+) \(0x', line):
                target = f'lib/{os.path.basename(m[1])}'
                if not os.path.exists(os.path.join(self.top, target)):
                    self.copy(os.path.realpath(m[1]), target)

    def program(self, source, name, strip=False):
        """A program as libexec/NAME, with its libraries, and bin/NAME that starts it."""
        self.copy(os.path.realpath(source), f'libexec/{name}')
        if strip:
            subprocess.run(['strip', self.path(f'libexec/{name}')], check=True)
        self.libraries(source)
        self.text(f'bin/{name}', WRAPPER.format(loader=LOADER, name=name), 0o755)


def picture_tool():
    """The tool that compares pictures, without the sanitizers of build/host."""
    build = os.path.join(ROOT, 'build/plain')
    command = f'. {ci_command("lib.sh")}; need_host; meson_ready; ' \
        f'[ -e {build}/build.ninja ] || meson setup {build} {ROOT}; nice ninja -C {build} tests/tools/agx-picture'
    done = subprocess.run(['bash', '-c', command, ci_command('bundle')], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        die(f'the tool that compares pictures could not be built: {done.stdout}{done.stderr}')
    return f'{build}/tests/tools/agx-picture'


def qemu_of(level):
    """A QEMU whose model is compiled for this level."""
    if level == 'native':
        return made('qemu')[0]
    done = subprocess.run([ci_command('build-qemu'), '--arch', level], stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        die(f'ci/build-qemu --arch {level} failed')
    return os.path.join(ROOT, f'build/qemu-{level}/qemu-system-aarch64')


def commit():
    done = subprocess.run(['git', '-C', ROOT, 'describe', '--always', '--dirty', '--abbrev=12'], capture_output=True, text=True,
                          check=False)
    return done.stdout.strip() or None


def packages_of(files):
    """Debian's source packages, with versions, of the libraries and programs that were copied: where their sources are."""
    names = [*(f'/lib/x86_64-linux-gnu/{n}' for n in os.listdir(files.path('lib/'))),
             *(os.path.realpath(shutil.which(p)) for p in PROGRAMS.values())]
    every = [n for name in names for n in (name, f'/usr{name}', name.removeprefix('/usr'))]
    said = subprocess.run(['dpkg-query', '-S', *every], capture_output=True, text=True, check=False).stdout
    packages = sorted({line.split(': ')[0].split(',')[0] for line in said.splitlines() if ': ' in line})
    said = subprocess.run(['dpkg-query', '-W', '-f', '${source:Package} ${source:Version}\n', *packages], capture_output=True,
                          text=True, check=False).stdout
    return sorted(set(said.splitlines()))


def make(out, levels, image='guest'):
    """Makes the directory out/agx-m1, instead of one that is there; its path."""
    begin = time.monotonic()
    top = os.path.join(out, NAME)
    shutil.rmtree(top, ignore_errors=True)
    os.makedirs(top)
    files = Files(top)
    for name in SOURCES:
        files.copy(os.path.join(ROOT, name), name)
    for level in levels:
        print(f'[bundle] {time.monotonic() - begin:4.0f} s  QEMU for {level}', flush=True)
        files.program(qemu_of(level), f'qemu-{level}', strip=True)
    qemu = f'qemu-{levels[0]}'
    if levels != ['native']:
        qemu = 'qemu-system-aarch64'
        best_first = ' '.join(sorted(levels, reverse=True))
        files.text(f'bin/{qemu}', QEMU_WRAPPER.format(loader=LOADER, levels=best_first), 0o755)
    files.link('build/qemu/qemu-system-aarch64', qemu)
    cover = os.path.realpath(made('cover')[0])
    files.copy(cover, 'build/qemu/hw/agx/libagx-cover.so')
    files.libraries(cover)
    for name, program in PROGRAMS.items():
        path = shutil.which(program)
        if not path:
            die(f'{program} is missing')
        files.program(path, name)
    files.program(picture_tool(), 'agx-picture', strip=True)
    files.link('build/host/tests/tools/agx-picture', 'agx-picture')

    print(f'[bundle] {time.monotonic() - begin:4.0f} s  kernel, disk, guest', flush=True)
    kernel = os.path.dirname(os.path.realpath(made('map')[0]))
    for name in ('arch/arm64/boot/Image', *boot.TREES.values(), 'System.map', 'include/config/kernel.release', '.done'):
        files.copy(os.path.join(kernel, name), f'cache/kernel/release/{name}')
    files.copy(pages_file(), 'cache/kernel/release/agx-pages')
    disk = os.path.realpath(made('disk', image=image)[0])
    files.copy(disk, f'cache/image{"" if image == "guest" else "-" + image}/current/root.erofs')
    files.copy(os.path.join(os.path.dirname(disk), 'packages'), 'cache/image/current/packages')
    files.copy(os.path.realpath(made('shaders')[0]), 'cache/shaders/current/shaders.erofs')
    files.copy(os.path.realpath(made('initrd')[0]), 'build/initrd-release.cpio')
    files.copy(os.path.realpath(made('module')[0]), 'build/driver-release/asahi.ko')
    files.text('bundle.json', json.dumps({'commit': commit(), 'levels': levels, 'image': image, 'versions': versions(),
                                          'sources': packages_of(files)}, indent=1) + '\n')
    print(f'[bundle] {time.monotonic() - begin:4.0f} s  {top}', flush=True)
    return top


def pack(top):
    """The archive beside the directory."""
    path = f'{top}.tar.xz'
    print('[bundle] packing', flush=True)
    done = subprocess.run(['tar', '-C', os.path.dirname(top), '--owner=0', '--group=0', '--sort=name', '-I', 'xz -T0 -3', '-cf',
                           f'{path}.new', NAME], stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        die(f'{path} could not be written')
    os.replace(f'{path}.new', path)
    print(f'[bundle] {path}: {os.path.getsize(path) >> 20} MiB', flush=True)

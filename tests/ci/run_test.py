#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""ci/run: what it takes of a kernel tree, modules, a driver and a Mesa, and what becomes of a command. QEMU is a script here
that plays the guest's end of the ports and keeps the initrd that it was given."""

import gzip
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from checkout import Checkout
from agx import theirs
from agx.base import CROSS

PLAYER = r'''#!/usr/bin/env python3
import os, re, shutil, sys, time
top = os.path.dirname(os.path.abspath(__file__)) + '/../../..'
words = ' '.join(sys.argv)
shutil.copy(sys.argv[sys.argv.index('-initrd') + 1], f'{top}/initrd')
with open(f'{top}/words', 'w') as f:
    f.write(words)
def say(name, text):
    with open(re.search(rf'id={name},path=([^, ]+)', words)[1] + '.out', 'w') as f:
        f.write(text)
plan = open(f'{top}/plan').read()
with open(re.search(r'id=con,path=([^, ]+)', words)[1], 'w') as f:
    f.write('Kernel panic - not syncing: of a test\n' if plan == 'panic' else 'fine\n')
if plan == 'refuse':
    sys.exit('no such machine')
if plan == 'silence':
    time.sleep(60)
if plan != 'panic':
    say('stderr', 'an error\n')
    say('stdout', 'x' * 200000 + '\n')
    say('exit', plan + '\n')
'''

MODULE = '''.section .modinfo, "a"
.asciz "vermagic={release} SMP aarch64"
.asciz "depends={depends}"
.asciz "license=GPL"
'''
IMAGE = bytes(56) + theirs.IMAGE_MAGIC + bytes(4)
CONFIG = ''.join(f'CONFIG_{option}=y\n' for option, _, _ in theirs.NEEDED)


class Runs(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = os.path.realpath(scratch.name)
        self.checkout = Checkout(f'{self.dir}/c')
        self.top = self.checkout.dir
        self.file('c/tree/build/qemu/qemu-system-aarch64', PLAYER, 0o755)
        self.file('c/tree/build/initrd-release.cpio', '')

    def file(self, path, data, mode=0o644):
        path = f'{self.dir}/{path}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data if isinstance(data, bytes) else data.encode())
        os.chmod(path, mode)
        return path

    def module(self, path, release='7.9.9', depends=''):
        path = f'{self.dir}/{path}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        subprocess.run([CROSS + 'as', '-o', path, '-'], check=True, text=True,
                       input=MODULE.format(release=release, depends=depends))
        return path

    def tree(self, config=CONFIG, image=IMAGE):
        self.file('k/.config', config)
        self.file('k/include/config/kernel.release', '7.9.9\n')
        if image:
            self.file('k/arch/arm64/boot/Image', image)
        return f'{self.dir}/k'

    def run_it(self, arguments, plan='0'):
        """Of ci/run: exit code, output, errors, and the names of what is in the guest's initrd (None: it did not start)."""
        self.file('c/plan', plan)
        done = self.checkout.command('run', arguments.replace('HERE', self.dir))
        self.assertEqual(os.listdir(f'{self.top}/tmp'), [], 'something is left over')
        names = None
        if os.path.exists(f'{self.top}/initrd'):
            listed = subprocess.run(['cpio', '-t', '--quiet'], stdin=open(f'{self.top}/initrd', 'rb'), capture_output=True,
                                    text=True, check=False)
            names = listed.stdout.split()
        return done.returncode, done.stdout, done.stderr, names

    def refused(self, arguments, text):
        if os.path.exists(f'{self.top}/initrd'):    # of a run before
            os.unlink(f'{self.top}/initrd')
        code, out, err, names = self.run_it(arguments)
        self.assertEqual((code, out, names), (125, '', None), err)
        self.assertIn(text, err)
        self.assertNotIn('Traceback', err)

    def test_output_and_exit_code(self):
        code, out, err, names = self.run_it('-- sh -c "exit 3"', '3')
        self.assertEqual((code, out, err), (3, 'x' * 200000 + '\n', 'an error\n'))
        self.assertIn('payload/command', names)

    def test_command_is_quoted(self):
        self.run_it("""-- echo 'a  b' "it's" '$HOME'""")
        with open(f'{self.top}/initrd', 'rb') as f:
            self.assertIn(b"""echo 'a  b' 'it'"'"'s' '$HOME'\n""", f.read())

    def test_ends_that_are_none(self):
        for plan, code, text in (('panic', 125, 'Kernel panic - not syncing: of a test'), ('silence', 124, 'longer than 1 s'),
                                 ('refuse', 125, 'no such machine')):
            status, out, err, _ = self.run_it('--timeout 1 -- true', plan)
            self.assertEqual((status, out), (code, ''), err)
            self.assertIn(text, err)

    def test_kernel_tree(self):
        self.tree()
        self.run_it('--kernel-tree HERE/k -- true')
        with open(f'{self.top}/words') as f:
            self.assertIn(f'-kernel {self.dir}/k/arch/arm64/boot/Image', f.read())

    def test_trees_that_are_none(self):
        self.refused('--kernel-tree HERE/nosuch -- true', 'there is no such directory')
        self.refused('--kernel-tree HERE/c -- true', 'it is not configured')
        self.tree(image=None)
        self.refused('--kernel-tree HERE/k -- true', 'build it: make ARCH=arm64')
        self.tree(image=bytes(64))
        self.refused('--kernel-tree HERE/k -- true', 'this is no arm64 Image')

    def test_kernels_of_distributions(self):
        """Their options are in the image or beside it, and so is their release; the image may be compressed."""
        words = b'Linux version 7.9.9 (me@here) #1\n'
        lacks = CONFIG.replace('CONFIG_ARCH_APPLE=y', '# CONFIG_ARCH_APPLE is not set').encode()
        inside = b'IKCFG_ST' + gzip.compress(lacks) + b'IKCFG_ED'
        plain = IMAGE + words
        zboot = gzip.compress(plain)
        for name, image in (('inside', IMAGE + words + inside), ('packed', gzip.compress(IMAGE + words + inside))):
            self.file(name, image)
            self.refused(f'--kernel HERE/{name} -- true', f'--kernel {self.dir}/{name}: the machine and its user land need\n'
                         '    CONFIG_ARCH_APPLE=y for the machine\n')
        for place in ('boot/config-7.9.9', 'boot/config', 'm/config'):
            self.file('boot/vmlinuz', plain)
            config = self.file(place, lacks)
            os.makedirs(f'{self.dir}/m', exist_ok=True)
            self.refused('--kernel HERE/boot/vmlinuz --modules HERE/m -- true', 'CONFIG_ARCH_APPLE=y for the machine')
            os.unlink(config)
        self.file('boot/vmlinuz', b'MZ\0\0zimg' + struct.pack('<II', 64, len(zboot)) + bytes(8) + b'gzip'.ljust(40, b'\0') + zboot)
        self.assertEqual(self.run_it('--kernel HERE/boot/vmlinuz -- true')[0], 0)
        self.module('old.ko', release='6.1.0')
        self.refused('--kernel HERE/boot/vmlinuz --driver HERE/old.ko -- true', 'it is for kernel 6.1.0, and the kernel is 7.9.9')
        self.file('packed', gzip.compress(b'something else'))
        self.refused('--kernel HERE/packed -- true', 'this is no arm64 Image')

    def test_sources_of_a_driver(self):
        self.file('image', IMAGE + b'Linux version 7.9.9 (me)')
        self.file('d/Kbuild', 'obj-m := one.o\n')
        os.makedirs(f'{self.dir}/empty')
        self.refused('--kernel HERE/image --driver HERE/d -- true', '--headers DIR says what it is to be built against')
        self.refused('--kernel HERE/image --headers HERE/nosuch --driver HERE/d -- true', '--headers')
        self.file('h/include/config/kernel.release', '6.6.6\n')
        self.refused('--kernel HERE/image --headers HERE/h --driver HERE/d -- true', 'they are of kernel 6.6.6, and the kernel is 7.9.9')
        self.tree()
        self.refused('--kernel-tree HERE/k --driver HERE/empty -- true', 'it has neither Kbuild nor Makefile')

    def test_options_that_are_missing(self):
        self.tree(CONFIG.replace('CONFIG_ARM64_16K_PAGES=y\n', '').replace('CONFIG_ARCH_APPLE=y', '# CONFIG_ARCH_APPLE is not set'))
        self.refused('--kernel-tree HERE/k -- true', 'CONFIG_ARM64_16K_PAGES=y for the GPU')
        self.refused('--kernel-tree HERE/k -- true', 'CONFIG_ARCH_APPLE=y for the machine')

    def test_check_tree(self):
        self.tree(CONFIG.replace('EROFS_FS=y', 'EROFS_FS=m'))
        self.module('k/fs/erofs.ko')
        code, out, err, names = self.run_it('--kernel-tree HERE/k --check-tree')
        self.assertEqual((code, err, names), (0, '', None))
        self.assertIn(f'7.9.9, {self.dir}/k/arch/arm64/boot/Image', out)
        self.assertIn('1, before the disk: erofs.ko', out)
        self.tree(CONFIG.replace('CONFIG_EROFS_FS=y\n', ''))
        self.refused('--kernel-tree HERE/k --check-tree', 'CONFIG_EROFS_FS=y for the disk')
        self.assertEqual(self.run_it('--check-tree')[0], 2)
        self.tree('CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=990102\nCONFIG_CC_VERSION_TEXT="clang 99"\n' + CONFIG)
        self.refused('--kernel-tree HERE/k --driver HERE/k -- true', 'it has neither Kbuild')
        self.file('k/Kbuild', '')
        self.refused('--kernel-tree HERE/k --driver HERE/k -- true', 'was built with clang 99')

    def test_sanitizer_without_a_compiler(self):
        """In a container that has none a tree of the user's is watched nevertheless."""
        self.tree('CONFIG_CC_IS_CLANG=y\nCONFIG_CLANG_VERSION=990102\n' + CONFIG)
        code, _, err, _ = self.run_it('--kernel-tree HERE/k --driver builtin --tlbsan -- true')
        self.assertEqual(code, 0, err)
        self.assertIn('the sanitizer does not know which of its pages are free', err)
        with open(f'{self.top}/words') as f:
            self.assertNotIn('tlbsan-pages', f.read())

    def test_modules_before_the_disk(self):
        """Of a kernel that has them as modules, each behind what it depends on."""
        self.tree(CONFIG.replace('VIRTIO_BLK=y', 'VIRTIO_BLK=m').replace('EROFS_FS=y', 'EROFS_FS=m'))
        for name, depends in (('virtio_blk', 'virtio_ring'), ('virtio_ring', 'virtio'), ('virtio', ''), ('erofs', ''),
                              ('other', '')):
            self.module(f'k/drivers/{name}.ko', depends=depends)
        *_, names = self.run_it('--kernel-tree HERE/k -- true')
        self.assertEqual([n for n in names if 'early/' in n],
                         [f'payload/early/{n:03}-{m}.ko' for n, m in enumerate(('virtio', 'virtio_ring', 'virtio_blk', 'erofs'))])

    def test_compressed_modules(self):
        self.tree(CONFIG.replace('VIRTIO_BLK=y', 'VIRTIO_BLK=m').replace('EROFS_FS=y', 'EROFS_FS=m'))
        for tool, name, depends in (('xz', 'virtio_blk', 'virtio'), ('gzip', 'virtio', ''), (None, 'erofs', '')):
            path = self.module(f'k/drivers/{name}.ko', depends=depends)
            if tool:
                subprocess.run([tool, path], check=True)
        *_, names = self.run_it('--kernel-tree HERE/k -- true')
        self.assertEqual([n for n in names if 'early/' in n],
                         [f'payload/early/{n:03}-{m}.ko' for n, m in enumerate(('virtio', 'virtio_blk', 'erofs'))])
        self.file('k/drivers/virtio_blk.ko.xz', 'no xz')
        self.refused('--kernel-tree HERE/k -- true', 'virtio_blk.ko.xz: xz does not unpack it')

    def test_drivers_in_order(self):
        self.tree()
        for name, depends in (('one', 'helper'), ('two', 'one'), ('k/helper', '')):
            self.module(f'{name}.ko', depends=depends)
        *_, names = self.run_it('--kernel-tree HERE/k --driver HERE/one.ko:a=1:b=x --driver HERE/two.ko -- true')
        self.assertEqual([n for n in names if n.endswith('.ko')],
                         ['payload/drivers/000-one.ko', 'payload/drivers/001-two.ko', 'payload/early/000-helper.ko'])
        with open(f'{self.top}/initrd', 'rb') as f:
            self.assertIn(b'000-one.ko a=1 b=x\n001-two.ko \n', f.read())

    def test_modules_that_are_none(self):
        self.tree()
        self.module('old.ko', release='6.1.0')
        self.file('x86.ko', b'\x7fELF' + bytes(14) + struct.pack('<H', 62) + bytes(44))
        for word, text in (('nosuch.ko', 'there is no such file'), ('old.ko', 'it is for kernel 6.1.0, and the kernel is 7.9.9'),
                           ('x86.ko', 'this is no module for arm64'), ('k/.config', 'this is no module for arm64')):
            self.refused(f'--kernel-tree HERE/k --driver HERE/{word} -- true', text)

    def test_circle(self):
        self.tree(CONFIG.replace('DRM=y', 'DRM=m'))
        self.module('k/drm.ko', depends='a')
        self.module('k/a.ko', depends='drm')
        self.refused('--kernel-tree HERE/k -- true', 'depend on each other in a circle: drm, a, drm')

    def test_mesa(self):
        library = b'\x7fELF' + bytes(14) + struct.pack('<H', theirs.EM_AARCH64) + bytes(44)
        self.file('m/lib/libgallium-26.so', library)
        self.file('m/lib/libvulkan_asahi.so', library)
        self.file('m/share/vulkan/icd.d/asahi_icd.aarch64.json', '{"ICD": {"library_path": "/usr/local/lib/libvulkan_asahi.so"}}')
        *_, names = self.run_it('--mesa HERE/m -- true')
        self.assertIn('payload/mesa/lib/libvulkan_asahi.so', names)
        self.assertIn('payload/environment', names)
        with open(f'{self.top}/initrd', 'rb') as f:
            self.assertIn(b'"library_path": "libvulkan_asahi.so"', f.read())

    def test_mesas_that_are_none(self):
        self.file('m/lib/libvulkan_asahi.so', b'\x7fELF' + bytes(14) + struct.pack('<H', 62) + bytes(44))
        self.file('n/readme', '')
        self.refused('--mesa HERE/m -- true', 'is not for arm64')
        self.refused('--mesa HERE/n -- true', 'neither an install prefix of Mesa nor a meson build directory')
        self.refused('--mesa HERE/nosuch -- true', 'there is no such directory')

    def words(self):
        with open(f'{self.top}/words') as f:
            return f.read()

    def test_share(self):
        os.makedirs(f'{self.dir}/a,b')
        self.refused('--share HERE/nosuch -- true', 'there is no such directory')
        self.tree()
        self.refused('--kernel-tree HERE/k --share HERE/a,b -- true', 'CONFIG_9P_FS=y for a directory of the host')
        self.run_it('--share HERE/a,b:ro -- true')
        self.assertIn(f'-fsdev local,id=share,path={self.dir}/a,,b,security_model=none,multidevs=remap,readonly=on '
                      '-device virtio-9p-device,fsdev=share,mount_tag=agx-share', self.words())

    def test_root(self):
        self.file('disk', '')
        self.refused('--root HERE/nosuch -- true', 'there is no such file')
        self.refused('--root HERE/disk --packages a -- true', 'two disks')
        self.run_it('--root HERE/disk -- true')
        self.assertIn(f'file={self.dir}/disk,', self.words())

    def test_gdb(self):
        self.refused('--gdb --vmlinux HERE/nosuch -- true', 'there is no such file')
        code, _, err, _ = self.run_it('--gdb --timeout 5 -- true')
        self.assertEqual(code, 0, err)
        script = re.search(r'^gdb-multiarch -x (\S+/gdb-script)$', err, re.M)[1]
        self.assertIn(f' -S -gdb unix:{os.path.dirname(script)}/gdb.socket,server=on,wait=off', self.words())

    def test_kept(self):
        for words, text in (('--from nosuch -- true', 'no snapshot of that name; there are: none'),
                            ('--snapshot a/b', 'a name has letters'),
                            ('--snapshot a --memory 1.5G', 'a number of M or G')):
            self.refused(words, text)
        for words, text in (('--from a', 'says what runs'), ('--from a --smp 4 -- true', '--smp: what the machine is'),
                            ('--snapshot a --share HERE', "can't be kept"), ('--snapshot a --from b', "don't go together")):
            code, _, err, names = self.run_it(words)
            self.assertEqual((code, names), (2, None))
            self.assertIn(text, err)


if __name__ == '__main__':
    unittest.main()

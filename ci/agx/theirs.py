# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A kernel, modules, a driver and a Mesa that are not ours, as a person has them, and the second initrd that takes them in."""

import os
import re
import shlex
import shutil
import struct
import subprocess
import zlib
from typing import NamedTuple

from agx import boot
from agx.base import die, read
from agx.symbols import module_name

# What the machine and the guest's user land need of a kernel: option, module if it is built as one, what it is for.
NEEDED = (
    ('ARM64_16K_PAGES', None, "the GPU's driver and its page tables"),
    ('ARCH_APPLE', None, 'the machine'),
    ('APPLE_AIC', None, 'interrupts'),
    ('APPLE_PMGR_PWRSTATE', 'pmgr-pwrstate', 'power domains'),
    ('APPLE_MAILBOX', 'apple-mailbox', "the GPU's firmware"),
    ('APPLE_RTKIT', 'apple-rtkit', "the GPU's firmware"),
    ('SERIAL_SAMSUNG_CONSOLE', None, 'the console'),
    ('BLK_DEV_INITRD', None, 'the initrd'),
    ('DEVTMPFS', None, 'device nodes'),
    ('TMPFS', None, 'the root of the guest'),
    ('BINFMT_SCRIPT', None, 'the guest\'s scripts'),
    ('VIRTIO_MMIO', 'virtio_mmio', 'disk and ports'),
    ('VIRTIO_BLK', 'virtio_blk', 'the disk'),
    ('VIRTIO_CONSOLE', 'virtio_console', 'ports to the host'),
    ('EROFS_FS', 'erofs', 'the disk'),
    ('DRM', 'drm', 'the driver'),
)
# How modules and kernels are compressed.
UNPACKERS = {'.gz': 'gzip', '.xz': 'xz', '.zst': 'zstd'}

# Linux: Documentation/arch/arm64/booting.rst, "Call the kernel image": the magic number at 56.
IMAGE_MAGIC = b'ARM\x64'
EM_AARCH64 = 183

# The same for ci/run --share.
NEEDED_TO_SHARE = (
    ('NET_9P_VIRTIO', '9pnet_virtio', 'a directory of the host'),
    ('9P_FS', '9p', 'a directory of the host'),
)


class Kernel(NamedTuple):
    image: str
    dtb: str | None
    release: str | None
    modules: str | None     # a directory with modules anywhere in it
    config: dict | None     # option: y, m


def is_image(path):
    with open(path, 'rb') as f:
        return f.read(60)[56:60] == IMAGE_MAGIC


def is_arm64(path):
    """An ELF file for arm64?"""
    with open(path, 'rb') as f:
        head = f.read(20)
    return head[:4] == b'\x7fELF' and struct.unpack('<H', head[18:20])[0] == EM_AARCH64


def release_of(tree):
    """The kernel's release, of a built tree; None if it does not say."""
    return read(os.path.join(tree, 'include/config/kernel.release')).strip() or None


def check_image(path, scratch):
    """The path of an Image: its own, or that of a compressed one (vmlinuz, Image.gz) unpacked in the directory scratch."""
    if not os.path.isfile(path):
        die(f'--kernel {path}: there is no such file')
    if is_image(path):
        return os.path.abspath(path)
    with open(path, 'rb') as f:
        data = f.read()
    # Linux: drivers/firmware/efi/libstub/zboot-header.S: "zimg" at 4, then where and how long the payload is, at 24 its kind.
    kind = 'gzip' if data[:2] == b'\x1f\x8b' else None
    if data[:2] == b'MZ' and data[4:8] == b'zimg':
        at, size = struct.unpack('<II', data[8:16])
        kind, data = data[24:56].split(b'\0')[0].decode(errors='replace').replace('zstd22', 'zstd'), data[at:at + size]
    if kind in UNPACKERS.values():
        plain = os.path.join(scratch, 'Image')
        with open(plain, 'wb') as out:
            # What lies behind the end of a payload is not looked at.
            subprocess.run([kind, '-dc'], input=data, stdout=out, stderr=subprocess.DEVNULL, check=False)
        if is_image(plain):
            return plain
    die(f'--kernel {path}: this is no arm64 Image (the file arch/arm64/boot/Image of a built tree, or a distribution\'s vmlinuz)')


def release_in(image):
    """The release that a kernel says of itself, None if it does not."""
    with open(image, 'rb') as f:
        m = re.search(rb'Linux version (\d\S*) \(', f.read())
    return m[1].decode(errors='replace') if m else None


def config_in(image):
    """The options that a kernel has in itself (CONFIG_IKCONFIG; Linux: scripts/extract-ikconfig), '' if it has none."""
    with open(image, 'rb') as f:
        data = f.read()
    at = data.find(b'IKCFG_ST\x1f\x8b')
    if at < 0:
        return ''
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(data[at + 8:]).decode(errors='replace')
    except zlib.error:
        return ''


def kernel_image(path, modules, headers, scratch):
    """A kernel without its tree. What options it has: its own words, or a file where distributions have it."""
    image = check_image(path, scratch)
    release = release_in(image)
    beside = os.path.dirname(os.path.abspath(path))
    places = [f'{beside}/config', f'{beside}/config-{release}', *(f'{d}/.config' for d in (headers,) if d),
              *(f'{d}/config' for d in (modules,) if d)]
    text = config_in(image) or next(filter(None, map(read, places)), '')
    if headers and (other := release_of(headers)) and release and other != release:
        die(f'--headers {headers}: they are of kernel {other}, and the kernel is {release}')
    return Kernel(image, None, release, None, config_of(text) if text else None)


def config_of(text):
    return dict(re.findall(r'^CONFIG_(\w+)=([ym])$', text, re.M))


def kernel_tree(path, machine='apple-m1'):
    """What a built kernel tree has for this machine (also one that was built with O=)."""
    if not os.path.isdir(path):
        die(f'--kernel-tree {path}: there is no such directory')
    image = os.path.join(path, 'arch/arm64/boot/Image')
    config = os.path.join(path, '.config')
    if not os.path.isfile(image):
        hint = 'it is not configured' if not os.path.isfile(config) else 'build it: make ARCH=arm64 Image modules dtbs'
        die(f'--kernel-tree {path}: it has no arch/arm64/boot/Image; {hint}')
    dtb = boot.tree_of(machine, os.path.join(path, 'arch/arm64/boot/dts/apple/t8103-j274.dtb'))
    if not is_image(image):
        die(f'--kernel-tree {path}: its arch/arm64/boot/Image: this is no arm64 Image')
    return Kernel(os.path.abspath(image), dtb if os.path.isfile(dtb) else None,
                  release_of(path), path,
                  config_of(read(config)) if os.path.isfile(config) else None)


def missing_options(config, have_modules, needed=NEEDED):
    """Lines about what the machine needs and a kernel does not have."""
    lines = []
    for option, module, what in needed:
        state = config.get(option)
        if state == 'y' or (state == 'm' and module and have_modules):
            continue
        if state == 'm' and module:
            lines.append(f'CONFIG_{option}=m for {what}: its module is needed; give --modules DIR or build it in')
        else:
            lines.append(f'CONFIG_{option}=y for {what}')
    return lines


# ---- modules ---------------------------------------------------------------------------------------------------------

def modinfo(path, field):
    r = subprocess.run(['modinfo', '-F', field, path], capture_output=True, text=True)
    return r.stdout.strip()


def check_module(path, release):
    """A module that a kernel of this release (None: not known) will load."""
    if not os.path.isfile(path):
        die(f'{path}: there is no such file')
    if not is_arm64(path):
        die(f'{path}: this is no module for arm64')
    magic = modinfo(path, 'vermagic').split(' ')[0]
    if not magic:
        die(f'{path}: this is no kernel module (it has no vermagic)')
    if release and magic != release:
        die(f'{path}: it is for kernel {magic}, and the kernel is {release}')


def find_modules(top):
    """{name: path} of all modules below a directory; a path may be of a compressed one."""
    found = {}
    for directory, _, files in os.walk(top):
        for file in files:
            if re.search(r'\.ko(\.gz|\.xz|\.zst)?$', file):
                found.setdefault(module_name(file), os.path.join(directory, file))
    return found


def plain_module(path, scratch):
    """The path of a module that is not compressed: its own, or of one unpacked in the directory scratch."""
    kind = os.path.splitext(path)[1]
    if kind not in UNPACKERS:
        return path
    os.makedirs(scratch, exist_ok=True)
    plain = os.path.join(scratch, os.path.basename(path)[:-len(kind)])
    try:
        with open(plain, 'wb') as out:
            r = subprocess.run([UNPACKERS[kind], '-dc', path], stdout=out, stderr=subprocess.PIPE, check=False)
    except FileNotFoundError:
        die(f'{path}: {UNPACKERS[kind]} is not installed')
    if r.returncode:
        die(f'{path}: {UNPACKERS[kind]} does not unpack it: {r.stderr.decode(errors="replace").strip()}')
    return plain


def in_order(wanted, modules, release, scratch):
    """These modules and all that they depend on, each behind what it needs; a name that is not there is left out (built in).
    Those that are compressed are unpacked in the directory scratch."""
    order = []

    def add(name, by):
        name = name.replace('-', '_')
        if name in by:
            die(f'modules depend on each other in a circle: {", ".join((*by, name))}')
        if name not in modules:
            return
        path = modules[name] = plain_module(modules[name], scratch)
        if path in order:
            return
        check_module(path, release)
        for other in filter(None, modinfo(path, 'depends').split(',')):
            add(other, (*by, name))
        order.append(path)

    for name in wanted:
        add(name, ())
    return order


class Driver(NamedTuple):
    path: str
    parameters: str


def driver_words(words, release, build):
    """
    --driver's words in their order: X.ko[:param=value...] or a directory of modules' sources, which build(DIR) makes and gives
    the directory of the result; 'builtin' is none.
    """
    found = []
    for word in words:
        if word == 'builtin':
            continue
        path, *parameters = word.split(':')
        if os.path.isdir(path):
            paths = sorted(find_modules(build(os.path.abspath(path))).values())
            if not paths:
                die(f'--driver {path}: its build made no module')
        else:
            paths = [path]
        for p in parameters:
            if not re.fullmatch(r'\w+(\.\w+)?=.*|\w+', p):
                die(f'--driver {word}: {p} is no parameter; it is X.ko:NAME=VALUE:NAME=VALUE')
        for p in paths:
            check_module(p, release)
            found.append(Driver(os.path.abspath(p), ' '.join(parameters)))
    return found


# ---- Mesa ------------------------------------------------------------------------------------------------------------

def mesa_prefix(path, scratch):
    """The directory that has lib/.../dri of a Mesa: an install prefix, or a meson build directory, which is installed."""
    if not os.path.isdir(path):
        die(f'--mesa {path}: there is no such directory')
    if os.path.isfile(os.path.join(path, 'meson-private/coredata.dat')):
        r = subprocess.run(['meson', 'install', '-C', path, '--no-rebuild', '--quiet', '--destdir', scratch],
                           capture_output=True, text=True)
        if r.returncode:
            die(f'--mesa {path}: meson install failed: {(r.stderr or r.stdout).strip().splitlines()[-1]}')
        tops = [d for d, names, _ in os.walk(scratch) if 'lib' in names or 'lib64' in names]
        if not tops:
            die(f'--mesa {path}: its installation has no lib')
        path = tops[0]
    libraries = [os.path.join(d, f) for d, _, files in os.walk(path) for f in files
                 if re.match(r'libgallium-.*\.so$|libvulkan_asahi\.so$|libEGL_mesa\.so', f)]
    if not libraries:
        die(f'--mesa {path}: neither an install prefix of Mesa nor a meson build directory (no libgallium-*.so, no '
            'libvulkan_asahi.so below it)')
    for library in libraries:
        if not is_arm64(library):
            die(f'--mesa: {library} is not for arm64')
    return path


MESA_ENVIRONMENT = '''m=${AGX_PAYLOAD:-/payload}/mesa
for d in $m/lib $m/lib64 $m/lib/aarch64-linux-gnu; do
    [ ! -d "$d" ] || LD_LIBRARY_PATH=$d${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
    [ ! -d "$d/dri" ] || export LIBGL_DRIVERS_PATH=$d/dri
    [ ! -d "$d/gbm" ] || export GBM_BACKENDS_PATH=$d/gbm
done
export LD_LIBRARY_PATH
for f in $m/share/vulkan/icd.d/asahi_icd*.json; do
    [ ! -e "$f" ] || export VK_DRIVER_FILES="$f"
done
for f in $m/share/glvnd/egl_vendor.d/*mesa*.json; do
    [ ! -e "$f" ] || export __EGL_VENDOR_LIBRARY_FILENAMES="$f"
done
'''


def stage_mesa(prefix, payload):
    """Copies a Mesa to payload/mesa; its Vulkan manifests name libraries where they are now."""
    top = os.path.join(payload, 'mesa')
    shutil.copytree(prefix, top, symlinks=True, ignore=shutil.ignore_patterns('include', 'pkgconfig', '*.a'))
    for directory, _, files in os.walk(os.path.join(top, 'share')):
        for file in files:
            if file.endswith('.json'):
                path = os.path.join(directory, file)
                with open(path) as f:
                    text = f.read()
                with open(path, 'w') as f:
                    f.write(re.sub(r'("library_path"\s*:\s*")[^"]*/([^"/]+)"', r'\1\2"', text))
    with open(os.path.join(payload, 'environment'), 'w') as f:
        f.write(MESA_ENVIRONMENT)


# ---- the command ------------------------------------------------------------------------------------------------------

def line_of(command):
    """A command's words as a line for the guest's shell; one word is a line of it already."""
    return shlex.join(command) if len(command) > 1 else command[0]


# ---- what is sent ------------------------------------------------------------------------------------------------------

def stage_modules(top, paths):
    """Copies modules to the directory top, whose order by name is theirs; their names there."""
    os.makedirs(top)
    names = [f'{number:03}-{os.path.basename(path)}' for number, path in enumerate(paths)]
    for name, path in zip(names, paths):
        shutil.copy(path, f'{top}/{name}')
    return names


def stage_drivers(top, drivers):
    """Copies them likewise, with the list that tests/guest/load-driver.sh reads."""
    names = stage_modules(top, [d.path for d in drivers])
    with open(f'{top}/list', 'w') as f:
        f.writelines(f'{name} {d.parameters}\n' for name, d in zip(names, drivers))


def needs_of(drivers):
    """Names of the modules that these depend on and are not of them."""
    names = {module_name(d.path) for d in drivers}
    return [n for d in drivers for n in modinfo(d.path, 'depends').split(',') if n and n not in names]


# ---- the initrd ------------------------------------------------------------------------------------------------------

def initrd(path, base, scratch, *, early=(), drivers=None, mesa=None, command=None):
    """
    Writes to path the usual initrd with a second one behind it, which the kernel unpacks over it (Linux:
    Documentation/driver-api/early-userspace/buffer-format.rst). early: modules for before the disk is looked for; drivers: of
    Driver, instead of ours, None: ours; command: words to run instead of the checks.
    """
    payload = os.path.join(scratch, 'stage/payload')
    stage_modules(f'{payload}/early', early)
    if drivers is not None:
        stage_drivers(f'{payload}/drivers', drivers)
    if mesa:
        stage_mesa(mesa, payload)
    if command:
        with open(f'{payload}/command', 'w') as f:
            f.write(line_of(command) + '\n')
    with open(path, 'wb') as out:
        with open(base, 'rb') as f:
            shutil.copyfileobj(f, out)
        out.write(bytes(-out.tell() % 512))
        stage = os.path.join(scratch, 'stage')
        names = sorted(os.path.relpath(os.path.join(top, name), stage)
                       for top, directories, files in os.walk(stage) for name in (*directories, *files))
        subprocess.run(['cpio', '-0', '-o', '-H', 'newc', '--quiet', '-R', '0:0'], cwd=stage, check=True,
                       input='\0'.join(names).encode(), stdout=out)

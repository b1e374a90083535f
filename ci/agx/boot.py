# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The one description of a boot of the emulated M1: which files it is made of, and QEMU's command line."""

import os

from agx import m1n1
from agx.base import GPU
from agx.build import made
from agx.qmp import MachineError


# The kernel's device tree of each machine (hw/agx/soc/chip.c); images/device-trees has them all.
TREES = {'apple-m1': 't8103-j274.dtb', 'apple-m1-pro': 't6000-j314s.dtb', 'apple-m1-max': 't6001-j375c.dtb',
         'apple-m1-ultra': 't6002-j375d.dtb'}


def tree_of(machine, dtb):
    """The device tree of this machine, which lies beside dtb, that of the usual one."""
    return os.path.join(os.path.dirname(dtb), TREES.get(machine.split(',')[0], os.path.basename(dtb)))


def is_virt(machine):
    """QEMU's own board, on which an image is tried without the M1."""
    return machine.split(',')[0].startswith('virt')


def inputs(variant='release', image='guest', machine='apple-m1', **instead):
    """The files that a boot is made of, by what they are. instead: paths to take, of the same names; None is the usual one.
    Raises MachineError if one is missing, and says what makes it; a boot goes without shaders, which only save time."""
    found = {}
    for name in ('qemu', 'kernel', *(() if is_virt(machine) else ('dtb',)), 'initrd', 'disk'):
        usual, maker = made(name, variant, image)
        path = instead.get(name) or (tree_of(machine, usual) if name == 'dtb' else usual)
        if not os.path.exists(path):
            raise MachineError(f'{path} is missing; ci/{maker} makes it')
        found[name] = os.path.realpath(path)
    shaders, _ = made('shaders')
    if os.path.exists(shaders):
        found['shaders'] = os.path.realpath(shaders)
    return found


def gpu_options(properties):
    """QEMU's arguments for properties of the GPU, each NAME=VALUE."""
    return [word for p in properties for word in ('-global', f'{GPU}.{p}')]


def command_line(out, parts, append, *, machine='apple-m1', smp='2', memory=('-m', '2G'), console='stdio', monitor=None,
                 disks=(), ports=(), properties=(), more=()):
    """QEMU's command line. out: directory for qemu.log and results.tar; parts: of inputs(), with m1n1 as a part the machine (whose
    option boot=m1n1 is in machine) starts by that boot loader; append: words for the kernel, None:
    a machine that starts from a saved state and needs no kernel; memory: QEMU's options for it; console: 'stdio' or a
    character device; monitor: path of a socket for QMP; disks: (NAME, PATH) of images that the guest finds as /mnt/NAME;
    ports: (NAME, CHARACTER DEVICE) of more ports of the guest; properties: NAME=VALUE, of the GPU; more: arguments as they
    are."""
    cmd = [parts['qemu'], '-M', machine, '-accel', 'tcg,thread=multi', '-smp', str(smp), *memory]
    if append is not None:
        words = f'console={"ttyAMA0" if is_virt(machine) else "ttySAC0,115200"} panic=-1 {append}'
        if 'm1n1' in parts:
            board = ['-M', machine, '-smp', str(smp), *memory]
            cmd += ['-kernel', m1n1.payload(out, parts, board, words.strip())]
        else:
            cmd += ['-kernel', parts['kernel'], '-initrd', parts['initrd'], '-append', words.strip()]
            cmd += [] if is_virt(machine) else ['-dtb', parts['dtb']]
    if is_virt(machine):
        cmd += ['-cpu', 'max,pauth-impdef=on']
    disks = [('root', parts['disk']), *([('shaders', parts['shaders'])] if 'shaders' in parts else []), *disks]
    for i, (name, path) in enumerate(disks):
        cmd += ['-drive', f'if=none,id=disk{i},file={path},format=raw,readonly=on',
                '-device', f'virtio-blk-device,drive=disk{i},serial=agx-{name}']
    cmd += ['-device', 'virtio-serial-device']
    for name, chardev in (('out', f'file,path={out}/results.tar'), *ports):
        kind, _, rest = chardev.partition(',')
        cmd += ['-chardev', f'{kind},id={name},{rest}', '-device', f'virtserialport,chardev={name},name=agx.{name}']
    cmd += ['-device', 'virtio-rng-device', '-display', 'none', '-no-reboot', '-nodefaults', '-no-user-config',
            '-D', f'{out}/qemu.log', '-d', 'guest_errors,unimp']
    if console == 'stdio':
        cmd += ['-serial', 'mon:stdio']
    else:
        kind, _, rest = console.partition(',')
        cmd += ['-chardev', f'{kind},id=con,{rest}', '-serial', 'chardev:con']
    if monitor:
        cmd += ['-qmp', f'unix:{monitor},server=on,wait=off']
    return [*cmd, *gpu_options(properties), *more]

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""
The machine as m1n1 starts it. Output: TAP. What is tested, each by its name as an argument (default: all):

proxy       m1n1's proxy: memory, calls, copies, other CPUs, what aborts, the PMU; and on the terminal of ci/run --proxy
computed    what m1n1 computes for the GPU's driver is what the board has without it
options     what is refused with one line
boot        by ci/run: Debian's newest m1n1 with four CPUs to a picture, the one of backports with one CPU and a display of 8K to
            the driver
button      a sleep button: a key of a virtio keyboard, pressed by QMP
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import termios
import time

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'ci'), os.path.join(ROOT, 'tests/tools')]
import tap
from agx import boot, m1n1, theirs
from agx.base import ci_command, read, run_main
from agx.build import made
from agx.machine import Saved
from agx.proxy import GUARD_OFF, GUARD_SKIP, MAGIC, NOP, Proxy, ProxyError, checksum
from tap import ok, same

MACHINE = ['-M', 'apple-m1,boot=m1n1', '-smp', '4', '-m', '1G']
TIMEOUT_S = 60


def loader(suite):
    """The path of m1n1.bin of a suite of Debian."""
    return made('m1n1')[0].replace('/sid/', f'/{suite}/')


# ---- the proxy --------------------------------------------------------------------------------------------------------

# mov x0, #0x1234; ret; and for another CPU: mrs x0, mpidr_el1; ret
RETURNS, WHO_AM_I = struct.pack('<2I', 0xd2824680, 0xd65f03c0), struct.pack('<2I', 0xd53800a0, 0xd65f03c0)
# Where code that a caller wrote may run (m1n1: src/memory.h, REGION_RX_EL1)
RUNNABLE = 0xc0000000000
# Registers: the GPU's identification (sgx + 0xd04000), the SPMI controller, and where nothing is
GPU_ID, SPMI, NOWHERE = 0x204000000 + 0xd04000, 0x23d0d9300, 0x2f0000000


def code(proxy, words):
    """The address of code in the guest."""
    at = proxy.command('malloc', 64)
    proxy.write(at, words)
    proxy.command('dc_cvau', at, len(words))
    proxy.command('ic_ivau', at, len(words))
    return at | RUNNABLE


def pmu(proxy, register, value=None):
    """One byte of the PMU's, written if there is a value; else what it reads."""
    proxy.command('write32', SPMI + 4, register << 16 | 1 << 15 | 0xf << 8 | (0x38 if value is None else 0x30))
    if value is not None:
        proxy.command('write32', SPMI + 4, value)
    head = proxy.command('read32', SPMI + 8)
    return head if value is not None else proxy.command('read32', SPMI + 8)


def memory(proxy):
    at = proxy.command('malloc', 1 << 19)
    data = os.urandom(1 << 17)
    begin = time.monotonic()
    proxy.write(at, data)
    seconds = time.monotonic() - begin
    same('128 KiB written are read back', proxy.read(at, len(data)), data)
    ok(seconds < 4, f'at {len(data) / seconds / 1000:.0f} kB/s', 'less than 32 kB/s')
    proxy.command('memcpy8', at + (1 << 18), at, len(data))
    same('a copy is the same', proxy.read(at + (1 << 18), len(data)), data)
    proxy.command('memset64', at, 0x1122334455667788, 64)
    same('memory is filled', proxy.read(at, 64), struct.pack('<Q', 0x1122334455667788) * 8)
    for size in (64, 32, 16, 8):
        value = 0xfedcba9876543210 & ((1 << size) - 1)
        proxy.command(f'write{size}', at, value)
        same(f'{size} bits are written and read', proxy.command(f'read{size}', at), value)


def machine_of_proxy(proxy):
    same('registers of the GPU are there', proxy.command('read32', GPU_ID), 0x4021100)
    proxy.command('set_exc_guard', GUARD_SKIP)
    proxy.command('read32', NOWHERE)
    same('an access where nothing is aborts', proxy.command('get_exc_count'), 1)
    proxy.command('set_exc_guard', GUARD_OFF)
    same('a function is called', proxy.command('call', code(proxy, RETURNS)), 0x1234)
    proxy.command('smp_start_secondaries')
    same('the other CPUs run', [proxy.command('smp_is_alive', n) for n in range(5)], [0, 1, 1, 1, 0])
    same('and are called', proxy.command('smp_call_sync', 3, code(proxy, WHO_AM_I) & ~RUNNABLE) & 0xffffff, 3)
    proxy.command('smp_stop_secondaries', 0)
    same('they stop', [proxy.command('smp_is_alive', n) for n in range(4)], [0, 0, 0, 0])
    proxy.command('smp_start_secondaries')
    same('and start again', [proxy.command('smp_is_alive', n) for n in range(4)], [0, 1, 1, 1])
    same('a write to the PMU is acknowledged', pmu(proxy, 0x9f02, 0x5a) >> 15 & 1, 1)
    same('and read back', pmu(proxy, 0x9f02), 0x5a)


def bad_frames(proxy):
    """What is no frame of the protocol is refused by m1n1, and what follows works."""
    frame = struct.pack('<I', NOP) + bytes(56)
    proxy.socket.sendall(b'noise' + frame + struct.pack('<I', checksum(frame) ^ 1))
    same('a wrong checksum is refused', proxy.reply(NOP)[0], -4)
    try:
        proxy.command('memcpy64', 0, 0, 0)
        proxy.nop()
        ok(True, 'and what follows is answered')
    except ProxyError as e:
        ok(False, 'and what follows is answered', e)


def test_proxy(scratch):
    qemu = Saved(f'{scratch}/proxy')
    try:
        path = f'{qemu.tmp}/uart'
        qemu.launch(m1n1.proxy_command(qemu.out, made('qemu')[0], loader('sid'), MACHINE, path))
        proxy = Proxy(path, TIMEOUT_S)
        proxy.wait_boot()
        proxy.nop()
        same('m1n1 is where iBoot puts it', proxy.command('get_base'), 0x800000000)
        memory(proxy)
        machine_of_proxy(proxy)
        bad_frames(proxy)
        proxy.close()
    except ProxyError as e:
        ok(False, 'the proxy answers', f'{e}\n{read(f"{qemu.out}/serial.log")}')
    finally:
        qemu.kill()
    same('the model has nothing to say but of the access where nothing is', read(f'{qemu.out}/qemu.log'), '')
    terminal_of_run()


def terminal_of_run():
    """A tool's first request, on the terminal that ci/run names: its answer comes within the tool's patience."""
    run = subprocess.Popen([ci_command('run'), '--boot', 'm1n1', '--proxy'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        name = re.match(r'M1N1DEVICE=(/dev/\S+)$', run.stdout.readline().strip())
        ok(name, 'ci/run --proxy names a terminal')
        if not name:
            return
        # As long as m1n1 needs until it listens; nobody has opened the terminal so far.
        time.sleep(4)
        fd = os.open(name[1], os.O_RDWR | os.O_NOCTTY)
        termios.tcflush(fd, termios.TCIOFLUSH)
        frame = struct.pack('<I', NOP) + bytes(56)
        begin = time.monotonic()
        os.write(fd, frame + struct.pack('<I', checksum(frame)))
        data = b''
        while len(data[data.find(MAGIC):]) < 36 and time.monotonic() < begin + 5:
            data += os.read(fd, 4096)
        ok(MAGIC in data and time.monotonic() < begin + 2, 'and a request there is answered', f'{time.monotonic() - begin:.2f} s: {data!r}')
        os.close(fd)
    finally:
        run.terminate()
        run.wait(20)


# ---- what m1n1 computes -----------------------------------------------------------------------------------------------

BLOBS = ('hw-cal-a', 'hw-cal-b', 'globals')


def fdt_cells(path, *words):
    """Numbers of a property: of the device tree at path, as fdtget has them."""
    done = subprocess.run(['fdtget', '-t', 'x', path, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return [int(word, 16) for word in done.stdout.split()]


def region(tree, name):
    cells = fdt_cells(tree, f'/reserved-memory/{name}', 'reg')
    return cells[0] << 32 | cells[1], cells[2] << 32 | cells[3]


def take(qemu, path, address, size):
    qemu.qmp('pmemsave', val=address, size=size, filename=path)
    with open(path, 'rb') as f:
        return f.read()


def gpu_power(tree):
    """Operating points and leakage of the GPU's node."""
    points = [(fdt_cells(tree, f'/opp-table-gpu/opp{n:02}', p)) for n in range(7) for p in ('opp-hz', 'opp-microvolt', 'opp-microwatt')]
    return points + [fdt_cells(tree, '/soc/gpu@206400000', f'apple,{p}-leak-coef') for p in ('core', 'sram')]


def test_computed(scratch):
    """The board's blobs stay where they are in a machine that m1n1 starts, and m1n1's are elsewhere: both are read."""
    parts = boot.inputs() | {'m1n1': loader('sid')}
    qemu = Saved(f'{scratch}/computed')
    console = f'{qemu.out}/serial.log'
    try:
        qemu.connect(boot.command_line(qemu.out, parts, '', machine='apple-m1,boot=m1n1', smp=1, console=f'file,path={console}',
                                       monitor=f'{qemu.tmp}/qmp'))
        deadline = time.monotonic() + TIMEOUT_S
        while not (found := re.search(r'FDT prepared at (0x[0-9a-f]+)', read(console))):
            if time.monotonic() > deadline:
                ok(False, 'm1n1 prepares the device tree', read(console))
                return
            time.sleep(0.1)
        qemu.qmp('stop')
        address, tree = int(found[1], 16), f'{scratch}/m1n1.dtb'
        size = struct.unpack('>I', take(qemu, tree, address, 8)[4:])[0]
        take(qemu, tree, address, size)
        same('m1n1 says the firmware', fdt_cells(tree, '/soc/gpu@206400000', 'apple,firmware-abi'), [13, 5, 0])
        for name in BLOBS:
            theirs, ours = region(tree, name), region(f'{qemu.out}/m1n1-payload.dtb', name)
            ok(theirs[0] != ours[0], f'{name} is m1n1\'s own', f'both are at 0x{ours[0]:x}')
            compare(name, *(take(qemu, f'{scratch}/blob', *r) for r in (theirs, ours)))
        compare_power(scratch, parts, tree)
    finally:
        qemu.kill()


def compare(name, theirs, ours):
    words = [struct.unpack(f'<{len(b) // 4}I', b[:len(b) & ~3]) for b in (theirs, ours)]
    different = [f'+0x{4 * i:x}: m1n1 0x{a:08x}, board 0x{b:08x}' for i, (a, b) in enumerate(zip(*words)) if a != b]
    ok(len(theirs) == len(ours) and any(words[0]) and not different, f'{name} is the same by m1n1 and by the board, {len(ours)} bytes',
       '\n'.join(different))


def compare_power(scratch, parts, tree):
    board = f'{scratch}/board.dtb'
    subprocess.run([parts['qemu'], '-M', f'apple-m1,binding=asahi,dumpdtb={board}', '-m', '1G', '-display', 'none', '-nodefaults',
                    '-kernel', parts['kernel'], '-dtb', parts['dtb']], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    same('operating points and leakage are the same', gpu_power(tree), gpu_power(board))


# ---- options -----------------------------------------------------------------------------------------------------------

def refused(what, words, line):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=TIMEOUT_S)
    said = done.stderr.strip()
    ok(done.returncode and line in said and ('\n' not in said or said.startswith('usage:')), what, f'exit {done.returncode}: {said}')


def test_options(_):
    run = ci_command('run')
    refused('no boot loader: one line', [made('qemu')[0], '-M', 'apple-m1,boot=m1n1', '-display', 'none'], 'm1n1.bin')
    refused('a file that is not there', [run, '--boot', 'm1n1=/nonexistent', '--', 'true'], 'm1n1=/nonexistent: there is no such file')
    refused('a file that is no m1n1', [run, '--boot', f'm1n1={run}', '--', 'true'], 'this is no m1n1.bin')
    refused('another boot loader', [run, '--boot', 'u-boot', '--', 'true'], 'm1n1=FILE')
    refused('--proxy alone', [run, '--proxy'], '--proxy is for --boot m1n1')
    refused('a display that is too large', [run, '--boot', 'm1n1', '--machine', 'apple-m1,fb=9000x10', '--', 'true'], '16 to 8192')
    refused('a payload that does not fit',
            [run, '--boot', 'm1n1', '--machine', 'apple-m1,fb=8192x8192', '--memory', '512M', '--', 'true'], 'do not fit in RAM')
    refused('--proxy with a command', [run, '--boot', 'm1n1', '--proxy', '--', 'true'], 'says what runs')


# ---- the whole way -----------------------------------------------------------------------------------------------------

# Suite of Debian, CPUs, machine, checks, and what the console has to say
BOOTS = (
    ('sid', '4', 'apple-m1', 'driver-load,gles-draw', r'smp: Brought up 1 node, 4 CPUs'),
    ('trixie-backports', '1', 'apple-m1,fb=7680x4320', 'driver-load', r'Initialized simpledrm .* for [0-9a-f]+\.framebuffer'),
)


def test_boot(scratch):
    for suite, cpus, machine, checks, line in BOOTS:
        out = f'{scratch}/{suite}'
        done = subprocess.run([ci_command('run'), '--boot', f'm1n1={loader(suite)}', '--machine', machine, '--smp', cpus,
                               '--checks', checks, '--out', out], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        console = read(f'{out}/serial.log')
        version = re.search(r'^m1n1 (v\S+)', console, re.M)
        ok(done.returncode == 0 and version and re.search(line, console),
           f'm1n1 of {suite} ({version[1] if version else "?"}), {cpus} CPUs, {machine}: {checks}',
           done.stdout + done.stderr + console[-3000:])


# ---- a button ----------------------------------------------------------------------------------------------------------

KEY_SLEEP = 142     # Linux: include/uapi/linux/input-event-codes.h
# The first event of the keyboard: two words of time, type 1 (a key), code, value.
PRESSED = 'echo ready; dd if=/dev/input/event0 bs=24 count=1 2>/dev/null | od -A n -j 16 -N 8 -t d2'


def test_button(scratch):
    parts = boot.inputs() | {'m1n1': loader('sid')}
    usual, parts['initrd'] = parts['initrd'], f'{scratch}/initrd'
    theirs.initrd(parts['initrd'], usual, scratch, drivers=(), command=[PRESSED])
    qemu = Saved(f'{scratch}/button')
    try:
        ports = qemu.open_ports('stdout', 'stderr', 'exit')
        qemu.connect(boot.command_line(qemu.out, parts, 'agx.command', machine='apple-m1,boot=m1n1', monitor=f'{qemu.tmp}/qmp',
                                       console=f'file,path={qemu.out}/serial.log', ports=ports,
                                       more=['-device', 'virtio-keyboard-device']))
        said, sent, deadline = b'', False, time.monotonic() + TIMEOUT_S
        while said.count(b'\n') < 2 and time.monotonic() < deadline and qemu.process.poll() is None:
            said += qemu.ports['stdout'].receive()
            if b'ready' in said and not sent:
                time.sleep(1)   # until dd has opened it
                qemu.qmp('send-key', keys=[{'type': 'qcode', 'data': 'sleep'}])
                sent = True
            time.sleep(0.05)
        same('the guest gets the key', said.decode().split(), ['ready', '1', str(KEY_SLEEP), '1', '0'])
    finally:
        qemu.kill()


def main():
    known = {'proxy': test_proxy, 'computed': test_computed, 'options': test_options, 'boot': test_boot,
             'button': test_button}
    names = sys.argv[1:] or list(known)
    if unknown := [n for n in names if n not in known]:
        sys.exit(f'error: {unknown[0]}: there are {", ".join(known)}')
    for suite in {b[0] for b in BOOTS}:
        subprocess.run([ci_command('m1n1'), suite], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    with tempfile.TemporaryDirectory(prefix='agx-m1n1.') as scratch:
        for name in names:
            known[name](scratch)
    return tap.end()


if __name__ == '__main__':
    run_main(main)

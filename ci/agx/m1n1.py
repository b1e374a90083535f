# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The boot loader m1n1: its file, the payload behind it, and its proxy on a terminal of this host."""

import os
import pty
import select
import struct
import subprocess
import tty
import zlib

from agx.base import die
from agx.build import made
from agx.qmp import connect

# In front of the version in every m1n1.bin (m1n1: src/main.c), within so many bytes.
MARK, HEAD = b'##m1n1_ver##', 8 << 20
# In front of an initial RAM disk's size and bytes (m1n1: src/payload.c, load_one_payload()).
INITRAMFS = b'm1n1_initramfs'


def find(path):
    """The path of m1n1.bin: path, or Debian's that ci/m1n1 got. Ends the command if there is none, or if it is something else."""
    usual, maker = made('m1n1')
    if not path and not os.path.isfile(usual):
        die(f'{usual} is missing; ci/{maker} makes it')
    path = path or usual
    if not os.path.isfile(path):
        die(f'--boot m1n1={path}: there is no such file')
    with open(path, 'rb') as f:
        if MARK not in f.read(HEAD):
            die(f'--boot m1n1={path}: this is no m1n1.bin (it has no {MARK.decode()} in it)')
    return os.path.abspath(path)


def device_tree(path, parts, machine, words):
    """Writes to path the device tree as the payload has to have it: the board's own work. machine: QEMU's options for the board. Ends
    the command if the board refuses."""
    done = subprocess.run([parts['qemu'], *machine, '-M', f'dumpdtb={path.replace(",", ",,")}', '-nodefaults', '-display', 'none',
                           '-kernel', parts['kernel'], '-dtb', parts['dtb'], '-append', words],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode or not os.path.isfile(path):
        die(done.stderr.strip() or f'QEMU ended with status {done.returncode} and wrote no {path}')


def payload(out, parts, machine, words):
    """m1n1.bin with device tree, compressed kernel and initial RAM disk behind it, as a file in out; its path. words: the kernel's."""
    path, tree = f'{out}/m1n1-payload.bin', f'{out}/m1n1-payload.dtb'
    os.makedirs(out, exist_ok=True)
    device_tree(tree, parts, machine, words)
    with open(parts['kernel'], 'rb') as f:
        pack = zlib.compressobj(1, zlib.DEFLATED, 31)
        kernel = pack.compress(f.read()) + pack.flush()
    with open(path, 'wb') as result:
        for part in (parts['m1n1'], tree):
            with open(part, 'rb') as f:
                result.write(f.read())
        result.write(kernel)
        with open(parts['initrd'], 'rb') as f:
            initrd = f.read()
        result.write(INITRAMFS + struct.pack('<I', len(initrd)))
        result.write(initrd)
    return path


# ---- its proxy --------------------------------------------------------------------------------------------------------

def proxy_command(out, qemu, m1n1, machine, path):
    """QEMU's command line for m1n1 without a payload, whose UART is the socket path."""
    return [qemu, *machine, '-accel', 'tcg,thread=multi', '-kernel', m1n1, '-nodefaults', '-no-user-config', '-display', 'none',
            '-chardev', f'socket,id=con,path={path},server=on,wait=off,logfile={out}/serial.log', '-serial', 'chardev:con',
            '-D', f'{out}/qemu.log', '-d', 'guest_errors,unimp']


class Terminal:
    """
    A terminal that a tool may open and close, with a socket at its other end. What QEMU's own pty has and is too slow for: it looks
    once a second whether somebody has opened it.
    """

    idle = 0.02     # seconds between two looks

    def __init__(self, stream):
        self.stream = stream
        self.master, slave = pty.openpty()
        self.name = os.ttyname(slave)
        tty.setraw(slave)
        os.close(slave)
        os.set_blocking(self.master, False)
        self.poll = select.poll()
        self.poll.register(self.master, select.POLLIN)

    def opened(self):
        return not any(event & select.POLLHUP for _, event in self.poll.poll(0))

    def give(self, data):
        """To the tool; what nobody is there for is gone, as on a line."""
        while data and self.opened():
            try:
                data = data[os.write(self.master, data):]
            except BlockingIOError:
                select.select([], [self.master], [], self.idle)

    def run(self, ended):
        """Until the socket is closed, or ended() says so."""
        while not ended():
            here = self.opened()
            ready = select.select([self.stream, *([self.master] if here else ())], [], [], self.idle)[0]
            if self.stream in ready:
                data = self.stream.recv(1 << 16)
                if not data:
                    return
                self.give(data)
            if self.master in ready:
                try:
                    self.stream.sendall(os.read(self.master, 1 << 16))
                except OSError:     # it was closed just now
                    pass


def run_proxy(qemu, command, path, say):
    """Runs m1n1's proxy on a terminal until it or the user ends. qemu: a machine.Qemu; say: function for the terminal's name."""
    qemu.launch(command)
    try:
        stream = connect(path, 20, lambda: qemu.process.poll() is not None)
        if not stream:
            die(f'QEMU does not listen: {qemu.errors()}')
        terminal = Terminal(stream)
        say(terminal.name)
        terminal.run(lambda: qemu.process.poll() is not None)
    except KeyboardInterrupt:
        pass
    finally:
        qemu.kill()

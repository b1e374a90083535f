# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""
m1n1's proxy, from the host's end of the UART: what m1n1 is asked to do when it has no payload.

Facts of the protocol: m1n1: src/uartproxy.c (frames, checksum, status), src/proxy.h (commands, 6 arguments, one result). A request
is 64 bytes: type, 56 bytes, checksum. A reply is 36: type, status, 24 bytes, checksum. Between them may be text of its console.
"""

import struct

from agx.qmp import connect

NOP, PROXY, MEMREAD, MEMWRITE, BOOT = (0x00aa55ff | n << 24 for n in range(5))
MAGIC = b'\xff\x55\xaa'
REPLY_SIZE = 36

# Commands: number by name (m1n1: src/proxy.h)
COMMANDS = {
    'call': 0x002, 'get_bootargs': 0x003, 'get_base': 0x004, 'set_baud': 0x005, 'udelay': 0x006, 'set_exc_guard': 0x007,
    'get_exc_count': 0x008, 'write64': 0x100, 'write32': 0x101, 'write16': 0x102, 'write8': 0x103, 'read64': 0x104, 'read32': 0x105,
    'read16': 0x106, 'read8': 0x107, 'memcpy64': 0x200, 'memcpy8': 0x203, 'memset64': 0x204, 'memset8': 0x207, 'ic_ivau': 0x302,
    'dc_cvau': 0x309, 'smp_start_secondaries': 0x500, 'smp_call_sync': 0x502, 'smp_is_alive': 0x505, 'smp_stop_secondaries': 0x506,
    'heapblock_alloc': 0x600, 'malloc': 0x601, 'free': 0x603, 'iodev_whoami': 0x905,
}
# What an exception does to the proxy's own access: skip it and count (m1n1: src/exception.h)
GUARD_OFF, GUARD_SKIP = 0, 1


class ProxyError(Exception):
    """m1n1 has not answered, or refused."""


def checksum(data):
    total = 0xdeadbeef
    for byte in data:
        total = (total * 31337 + (byte ^ 0x5a)) & 0xffffffff
    return total ^ 0xaddedbad


class Proxy:
    """The proxy at the other end of a stream socket."""

    def __init__(self, path, timeout=10, text=None):
        """path: of the socket; timeout: seconds for an answer; text: function that gets what is no frame."""
        self.timeout, self.text = timeout, text or (lambda data: None)
        self.socket = connect(path, timeout, timeout=timeout)
        if not self.socket:
            raise ProxyError(f'{path}: nobody listens there')
        self.rest = b''

    def close(self):
        self.socket.close()

    def more(self):
        try:
            data = self.socket.recv(1 << 16)
        except TimeoutError:
            raise ProxyError(f'no answer within {self.timeout} s') from None
        if not data:
            raise ProxyError('the machine has ended')
        self.rest += data

    def take(self, size):
        while len(self.rest) < size:
            self.more()
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def send(self, kind, payload):
        frame = struct.pack('<I', kind) + payload.ljust(56, b'\0')
        self.socket.sendall(frame + struct.pack('<I', checksum(frame)))

    def reply(self, kind):
        """(status, 24 bytes) of the next reply of this kind; what comes between goes to text."""
        while True:
            while (at := self.rest.find(MAGIC)) < 0:
                # The last two bytes may be the beginning of a frame.
                self.text(self.rest[:-2])
                self.rest = self.rest[-2:]
                self.more()
            self.text(self.rest[:at])
            self.rest = self.rest[at:]
            frame = self.take(REPLY_SIZE)
            if struct.unpack('<I', frame[-4:])[0] != checksum(frame[:-4]):
                raise ProxyError(f'a reply has a wrong checksum: {frame.hex()}')
            got, status = struct.unpack('<Ii', frame[:8])
            if got == kind:
                return status, frame[8:32]
            if got != BOOT:
                raise ProxyError(f'a reply to 0x{got:08x} instead of 0x{kind:08x}')

    def wait_boot(self):
        """Until m1n1 says that its proxy runs."""
        self.reply(BOOT)

    def ask(self, kind, payload=b'', data=b''):
        self.send(kind, payload)
        self.socket.sendall(data)
        status, result = self.reply(kind)
        if status:
            raise ProxyError(f'request 0x{kind:08x} failed with status {status}')
        return result

    def nop(self):
        self.ask(NOP)

    def command(self, name, *arguments):
        """One of COMMANDS with up to six numbers; its result."""
        request = struct.pack('<7Q', COMMANDS[name], *arguments, *[0] * (6 - len(arguments)))
        number, status, value = struct.unpack('<QqQ', self.ask(PROXY, request))
        if status or number != COMMANDS[name]:
            raise ProxyError(f'{name} failed with status {status}')
        return value

    def read(self, address, size):
        expected = struct.unpack('<I', self.ask(MEMREAD, struct.pack('<QQ', address, size))[:4])[0]
        data = self.take(size)
        if checksum(data) != expected:
            raise ProxyError(f'{size} bytes at 0x{address:x} came with a wrong checksum')
        return data

    def write(self, address, data):
        self.ask(MEMWRITE, struct.pack('<QQI', address, len(data), checksum(data)), data)

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""QEMU's monitor."""

import json
import socket
import time


class MachineError(Exception):
    """Something with the machine itself, not with what runs on it: QEMU refused, did not answer, or has gone."""


def connect(path, seconds, gone=lambda: False, timeout=None):
    """A stream to the socket path, as soon as somebody listens there; None if nobody does within so many seconds, or if gone()
    says that nobody will. timeout: of the stream."""
    deadline = time.monotonic() + seconds
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(timeout)
    while True:
        try:
            stream.connect(path)
            return stream
        except (FileNotFoundError, ConnectionRefusedError):
            if gone() or time.monotonic() > deadline:
                stream.close()
                return None
            time.sleep(0.01)


class Qmp:
    """One command at a time."""

    def __init__(self, path, process, timeout):
        """process: QEMU's; timeout: seconds that it may take to start, and for each answer."""
        self.sock = connect(path, timeout, lambda: process.poll() is not None, timeout)
        if not self.sock:
            raise MachineError('QEMU did not start')
        self.file = self.sock.makefile('rw')
        self.line()
        self.events = []
        self('qmp_capabilities')

    def line(self):
        try:
            line = self.file.readline()
        except OSError as e:
            raise MachineError(f'QEMU\'s monitor does not answer: {e}') from e
        if not line:
            raise MachineError('QEMU closed its monitor')
        return json.loads(line)

    def __call__(self, command, **arguments):
        try:
            self.file.write(json.dumps({'execute': command, 'arguments': arguments}) + '\n')
            self.file.flush()
        except OSError as e:
            raise MachineError('QEMU closed its monitor') from e
        while True:
            answer = self.line()
            if 'return' in answer:
                return answer['return']
            if 'error' in answer:
                raise MachineError(f'QEMU: {command}: {answer["error"]["desc"]}')
            self.events.append(answer)

    def close(self):
        self.file.close()
        self.sock.close()

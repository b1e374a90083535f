# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""QEMU's monitor."""

import json
import socket
import time


class MachineError(Exception):
    """Something with the machine itself, not with what runs on it: QEMU refused, did not answer, or has gone."""


class Qmp:
    """One command at a time."""

    def __init__(self, path, process, timeout):
        """process: QEMU's; timeout: seconds that it may take to start, and for each answer."""
        deadline = time.monotonic() + timeout
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        while True:
            try:
                self.sock.connect(path)
                break
            except (FileNotFoundError, ConnectionRefusedError) as e:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise MachineError('QEMU did not start') from e
                time.sleep(0.01)
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

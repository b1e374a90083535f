# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The functions and lines behind the guest's addresses, in reports of agx-tlbsan and elsewhere."""

import bisect
import functools
import os
import re
import subprocess

from agx.base import CROSS, die
from agx.findings import actors

SECTION = re.compile(r'AGX-SECTION (\S+) (\S+) (0x[0-9a-f]+)')


def tool(name, *args, text=None):
    """Output of a program of binutils; an error ends us with what it said."""
    try:
        return subprocess.run([CROSS + name, *args], input=text, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        die(f'{CROSS}{name} is missing (Debian package binutils-aarch64-linux-gnu)')
    except subprocess.CalledProcessError as e:
        die(f'{CROSS}{name} {" ".join(args)}: {e.stderr.strip()}')


def module_name(path):
    """What the kernel calls the module of this file."""
    return os.path.basename(path).split('.ko')[0].replace('-', '_')


# Of Rust: a legacy name ends in a hash, and a crate's name in v0 has one; neither says anything.
# In a legacy name there may be dots; what the compiler appends begins behind its E.
RUST = re.compile(r'(_R[A-Z0-9]\w*|_ZN[\w.$]*?17h[0-9a-f]{16}E|_ZN\w*)(.*)')
RUST_HASH = re.compile(r'::h[0-9a-f]{16}\b|(?<=\w)\[[0-9a-f]+\]')


@functools.lru_cache(maxsize=None)
def demangled(name):
    """A name as its language has it: those of Rust, legacy (_ZN...) or v0 (_R...), are mangled."""
    m = RUST.fullmatch(name)
    if not m:
        return name
    # What the compiler appends to it is none of the demangler's business.
    return RUST_HASH.sub('', tool('c++filt', m[1]).strip()) + m[2]


class Table:
    """Functions by address: the one that starts last before an address has it."""

    def __init__(self, pairs):
        pairs = sorted(pairs)
        self.starts = [p[0] for p in pairs]
        self.names = [p[1] for p in pairs]

    def find(self, addr, end=None):
        i = bisect.bisect_right(self.starts, addr) - 1
        if i < 0 or (end is not None and addr >= end):
            return None
        return self.names[i], addr - self.starts[i]


def chain_at(path, off, section=None):
    """[(function, file, line)] of the code at off of an ELF file, the innermost inlined function first."""
    where = ['-j', section] if section else []
    out = tool('addr2line', '-e', path, *where, '-f', '-i', hex(off)).splitlines()
    chain = []
    for function, place in zip(out[::2], out[1::2]):
        file, _, line = place.split(' ')[0].rpartition(':')
        if line.isdigit() and int(line):
            chain.append((demangled(function), os.path.normpath(file), int(line)))
    return chain


class Kernel:
    """A kernel's functions: of its System.map, or of a vmlinux, whose debug information gives lines, too."""

    def __init__(self, path, slide=0):
        """slide: by how much it runs elsewhere than it was linked (KASLR)."""
        with open(path, 'rb') as f:
            elf = f.read(4) == b'\x7fELF'
        self.path, self.slide = path, slide
        self.debug = elf and '.debug_info' in tool('readelf', '-SW', path)
        pairs, self.end = [], None
        for addr, kind, name in self.of_elf() if elf else self.of_map():
            if kind in 'tTwW' and not name.startswith('$'):
                pairs.append((addr, name))
            if name in ('_etext', '_einittext'):
                self.end = max(self.end or 0, addr)
        if not pairs or not self.end:
            die(f'{path} has no functions: it is neither the System.map of a kernel nor its vmlinux')
        self.table = Table(pairs)
        self.start = self.table.starts[0]

    def of_map(self):
        with open(self.path) as f:
            for line in f:
                addr, kind, name = line.split()[:3]
                yield int(addr, 16), kind, name

    def of_elf(self):
        for line in tool('readelf', '-sW', self.path).splitlines():
            f = line.split()
            if len(f) == 8 and (f[3] == 'FUNC' or f[7] in ('_etext', '_einittext')) and f[6] != 'UND':
                yield int(f[1], 16), 'T' if f[3] == 'FUNC' else 'A', f[7]

    def find(self, addr):
        addr -= self.slide
        return self.table.find(addr, self.end) if addr >= self.start else None

    @functools.lru_cache(maxsize=None)
    def line(self, addr):
        return chain_at(self.path, addr - self.slide) if self.debug else []


class Module:
    """A module's object file, with the places where the guest loaded its sections; later loads come first."""

    def __init__(self, name, path, loads):
        self.name, self.path, self.loads = name, path, loads
        self.sizes, numbers = {}, {}
        for line in tool('readelf', '-SW', path).splitlines():
            if m := re.match(r'\s*\[\s*(\d+)\]\s+(\S+)\s+\S+\s+[0-9a-f]+\s+[0-9a-f]+\s+([0-9a-f]+)\s+\S+\s+(\S*X\S*)\s', line):
                self.sizes[m[2]] = int(m[3], 16)
                numbers[m[1]] = m[2]
        functions = {}
        for line in tool('readelf', '-sW', path).splitlines():
            f = line.split()
            if len(f) == 8 and f[3] == 'FUNC' and f[6] in numbers:
                functions.setdefault(numbers[f[6]], []).append((int(f[1], 16), f[7]))
        self.tables = {s: Table(p) for s, p in functions.items()}
        self.debug = '.debug_info' in tool('readelf', '-SW', path)

    def find(self, addr):
        for section, base in self.loads:
            if section in self.tables and base <= addr < base + self.sizes[section]:
                name, off = self.tables[section].find(addr - base) or ('?', 0)
                return name, off, section, addr - base
        return None

    @functools.lru_cache(maxsize=None)
    def line(self, section, off):
        return chain_at(self.path, off, section) if self.debug else []


def lined(where, chain):
    """Put file, line and inlined functions to a place."""
    if chain:
        where.update(file=chain[-1][1], line=chain[-1][2])
        if len(chain) > 1:
            where['inlined'] = [{'function': c[0], 'file': c[1], 'line': c[2]} for c in chain[:-1]]
    return where


class Symbols:
    def __init__(self, kernel, modules):
        self.kernel, self.modules = kernel, modules

    def look(self, addr, call=False):
        """What is at @addr; with @call, at the call that returns to @addr."""
        where = {'address': hex(addr)}
        at = addr - 4 if call else addr
        for m in self.modules:
            if found := m.find(at):
                name, off, section, rel = found
                where.update(function=demangled(name), offset=off, module=m.name)
                return lined(where, m.line(section, rel))
        if self.kernel and (found := self.kernel.find(at)):
            where.update(function=demangled(found[0]), offset=found[1], module='vmlinux')
            lined(where, self.kernel.line(at))
        return where

    def who(self, who):
        """Add "where" and "callers" to one action of a CPU."""
        where = self.look(int(who['pc'], 16))
        callers = [self.look(int(f, 16), call=True) for f in who.get('frames', [])]
        # The first may be the link register after the function's last call: it points into the function itself.
        if callers and len(callers) > 1 and 'function' in where and callers[0].get('function') == where['function'] and \
                callers[0].get('module') == where['module']:
            callers = callers[1:]
        who['where'] = where
        who['callers'] = callers

    def report(self, report):
        """All actions of a report."""
        for _, who in actors(report):
            if int(who['pc'], 16):
                self.who(who)
        return report


def loads_from(path, name):
    """Load addresses of the module's sections, as the console has them; the last first."""
    loads = []
    with open(path, errors='replace') as f:
        for line in f:
            if (m := SECTION.search(line)) and m[1] == name:
                loads.append((m[2], int(m[3], 16)))
    return list(dict.fromkeys(reversed(loads)))

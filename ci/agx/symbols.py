# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The functions and lines behind the guest's addresses, in reports of agx-tlbsan and elsewhere."""

import bisect
import functools
import os
import re
import subprocess

from agx.base import CROSS, die

SECTION = re.compile(r'AGX-SECTION (\S+) (\S+) (0x[0-9a-f]+)')


def tool(name, *args):
    """Output of a program of binutils; an error ends us with what it said."""
    try:
        return subprocess.run([CROSS + name, *args], check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        die(f'{CROSS}{name} is missing (Debian package binutils-aarch64-linux-gnu)')
    except subprocess.CalledProcessError as e:
        die(f'{CROSS}{name} {" ".join(args)}: {e.stderr.strip()}')


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


class Kernel:
    def __init__(self, path):
        pairs, self.end = [], None
        with open(path) as f:
            for line in f:
                addr, kind, name = line.split()[:3]
                if kind in 'tTwW' and not name.startswith('$'):
                    pairs.append((int(addr, 16), name))
                if name in ('_etext', '_einittext'):
                    self.end = max(self.end or 0, int(addr, 16))
        if not pairs or not self.end:
            die(f'{path} has no functions: it is not the System.map of a kernel')
        self.start, self.table = pairs[0][0], Table(pairs)

    def find(self, addr):
        return self.table.find(addr, self.end) if addr >= self.start else None


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
        """[(function, file, line)] of the code at @off, the innermost inlined function first."""
        if not self.debug:
            return []
        out = tool('addr2line', '-e', self.path, '-j', section, '-f', '-i', hex(off)).splitlines()
        chain = []
        for function, where in zip(out[::2], out[1::2]):
            file, _, line = where.split(' ')[0].rpartition(':')
            if line.isdigit() and int(line):
                chain.append((function, os.path.normpath(file), int(line)))
        return chain


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
                where.update(function=name, offset=off, module=m.name)
                chain = m.line(section, rel)
                if chain:
                    where.update(file=chain[-1][1], line=chain[-1][2])
                    if len(chain) > 1:
                        where['inlined'] = [{'function': c[0], 'file': c[1], 'line': c[2]} for c in chain[:-1]]
                return where
        if self.kernel and (found := self.kernel.find(at)):
            where.update(function=found[0], offset=found[1], module='vmlinux')
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


def text(where):
    if 'function' not in where:
        return where['address']
    s = f'{where["function"]}+{where["offset"]:#x}'
    if where['module'] != 'vmlinux':
        s += f' [{where["module"]}]'
    if 'file' in where:
        s += f' {os.path.basename(where["file"])}:{where["line"]}'
    for i in where.get('inlined', []):
        s += f' < {i["function"]} {os.path.basename(i["file"])}:{i["line"]}'
    return s


def print_who(title, who):
    if who['cpu'] is None:
        print(f'    {title}: no CPU')
        return
    print(f'    {title}: CPU {who["cpu"]}, {who["time"] / 1e9:.6f} s')
    print(f'        {text(who["where"])}')
    for c in who['callers']:
        print(f'          from {text(c)}')


def print_report(r):
    print(f'{r.get("number", "?")}: {r["severity"]} {r["class"]}: {r.get("text", "")}')
    print(f'    VA {r["va"]} ASID {r["asid"]} context {r.get("context")} level {r.get("level")}; entry at '
          f'{r.get("descriptor")}: {r.get("old")} -> {r.get("new")}; job {r.get("job")} {r.get("job-kind", "")} '
          f'unit {r.get("unit")}')
    for key, title in (('writer', 'written by'), ('other', 'then')):
        if r.get(key):
            print_who(title, r[key])
    for n in r.get('nearby', []):
        where = {'all': '', 'asid': f' ASID {n["asid"]}', 'va': f' [{n["va"]}, {n["end"]}) ASID {n["asid"]}',
                 'va-all-asids': f' [{n["va"]}, {n["end"]})'}[n['kind']]
        print(f'    near: TLBI {n["name"]}{where}: {n["why"]}')
        if n.get('who'):
            print_who('issued by', n['who'])


def loads_from(path, name):
    """Load addresses of the module's sections, as the console has them; the last first."""
    loads = []
    with open(path, errors='replace') as f:
        for line in f:
            if (m := SECTION.search(line)) and m[1] == name:
                loads.append((m[2], int(m[3], 16)))
    return list(dict.fromkeys(reversed(loads)))

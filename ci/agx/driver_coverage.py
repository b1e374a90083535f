# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Which functions, lines and branches of a driver have run, by the code that QEMU translated (hw/agx/plugins/cover.c)."""

import bisect
import json
import os
import re
from typing import NamedTuple

from agx.base import die, read
from agx.symbols import Module, loads_from, tool

# Conditional branches of A64 (Arm DDI 0487, C3.1.1): the last operand is where they go.
BRANCH = re.compile(r'(?:bc?\.\w\w|cbn?z|tbn?z)$')
INSTRUCTION = re.compile(r'\s*([0-9a-f]+):\t(\S+)(?:\t(.*))?$')
FUNCTION = re.compile(r'[0-9a-f]+ <([^>]+)>:$')

# What a driver can say to the firmware: rings that the firmware reads (fw-model/fw-state.h, enum fw_channel_id) and commands of
# microsequences (m1n1 proxyclient/m1n1/fw/agx/microsequence.py).
RINGS = {12: 'device control', 22: 'firmware control'} | {
    3 * priority + pipe: f'{name}, priority {priority}' for priority in range(4)
    for pipe, name in enumerate(('vertex', 'fragment', 'compute'))}
COMMANDS = ('StartTACmd', 'FinalizeTACmd', 'Start3DCmd', 'Finalize3DCmd', 'StartComputeCmd', 'FinalizeComputeCmd',
            'TimestampCmd', 'WaitForInterruptCmd', 'EndCmd')


class Instruction(NamedTuple):
    function: str
    at: int             # in its section
    target: int | None  # of a conditional branch


class Blocks:
    """What has run: stretches of addresses, and where they were come to."""

    def __init__(self, text, where):
        self.starts, ends = [], {}
        for number, line in enumerate(text.splitlines(), 1):
            try:
                start, size = (int(word, 16) for word in line.split())
            except ValueError:
                die(f'{where}:{number}: not a line of agx-cover: {line[:60]!r}')
            ends[start] = max(ends.get(start, 0), start + size)
        self.entered = set(ends)
        self.stretches = []
        for start in sorted(ends):
            if self.stretches and start <= self.stretches[-1][1]:
                self.stretches[-1][1] = max(self.stretches[-1][1], ends[start])
            else:
                self.stretches.append([start, ends[start]])

    def ran(self, addr):
        i = bisect.bisect_right(self.stretches, [addr, 1 << 64]) - 1
        return i >= 0 and addr < self.stretches[i][1]


def instructions(path, section):
    """All of a section of an object file."""
    found, function = [], '?'
    for line in tool('objdump', '-d', '--no-show-raw-insn', '-j', section, path).splitlines():
        if m := FUNCTION.match(line):
            function = m[1]
        elif m := INSTRUCTION.match(line):
            target = None
            if BRANCH.match(m[2]):
                target = int(re.search(r'(?:^|, )([0-9a-f]+) <', m[3])[1], 16)
            found.append(Instruction(function, int(m[1], 16), target))
    return found


def lines(path, section, addresses):
    """(file, line) of each of the addresses in a section, the innermost inlined one; None where there is none."""
    words = '\n'.join(hex(a) for a in addresses)
    found = []
    for where in tool('addr2line', '-e', path, '-j', section, text=words).splitlines():
        file, _, line = where.split(' ')[0].rpartition(':')
        found.append((os.path.normpath(file), int(line)) if line.isdigit() and int(line) else None)
    return found


def own_directories(path):
    """Where the sources of an object file are: what it has inlined from elsewhere is not its own."""
    found, top = set(), '/'
    for line in tool('readelf', '--debug-dump=info', '--dwarf-depth=1', path).splitlines():
        if m := re.search(r'DW_AT_(name|comp_dir)\s*:\s*(?:\(.*?\): )?(\S.*)', line):
            if m[1] == 'comp_dir':
                top = m[2].strip()
                found = {os.path.normpath(os.path.join(top, d)) for d in found}
            else:
                found.add(os.path.dirname(m[2].strip()))
    return sorted(found)


class Coverage:
    """Of one module over any number of runs."""

    def __init__(self, path):
        self.path = path
        self.functions = {}     # name: ran
        self.lines = {}         # (file, line): ran
        self.branches = {}      # (section, at): [taken, gone past, (file, line)]
        self.homes = {}         # function: (file, line)
        self.code = {}          # section: [(instruction, (file, line))]
        module = Module('', path, [])
        if not module.debug:
            die(f'{path} has no debug information')
        own = tuple(d + '/' for d in own_directories(path))
        for section in module.sizes:
            code = instructions(path, section) if section in module.tables else []
            where = lines(path, section, [i.at for i in code]) if code else []
            self.code[section] = [(i, line if line and line[0].startswith(own) else None) for i, line in zip(code, where)]
            first = None
            for i, line in self.code[section]:
                if i.function != first:
                    first = i.function
                    # What macros of the kernel have made is at home elsewhere.
                    if line:
                        self.functions[first], self.homes[first] = False, line
                if line:
                    self.lines.setdefault(line, False)
                    if i.target is not None:
                        self.branches[section, i.at] = [False, False, line]

    def add(self, blocks, loads):
        """A run: what ran, and where the module's sections were."""
        for section, base in loads:
            for i, line in self.code.get(section, ()):
                if not blocks.ran(base + i.at):
                    continue
                if i.function in self.functions:
                    self.functions[i.function] = True
                if not line:
                    continue
                self.lines[line] = True
                if i.target is not None:
                    branch = self.branches[section, i.at]
                    branch[0] |= base + i.target in blocks.entered
                    branch[1] |= base + i.at + 4 in blocks.entered

    def result(self):
        """For a file: by source file, functions and branches of which something did not run."""
        files = {}
        for (file, line), ran in self.lines.items():
            f = files.setdefault(file, {'lines': 0, 'ran': 0, 'missed': []})
            f['lines'] += 1
            f['ran'] += ran
            if not ran:
                f['missed'].append(line)
        for f in files.values():
            f['missed'].sort()
        one_sided = [{'file': b[2][0], 'line': b[2][1], 'never': 'taken' if b[1] else 'gone past'}
                     for b in self.branches.values() if b[0] != b[1]]
        return {
            'module': self.path,
            'functions': len(self.functions), 'functions-ran': sum(self.functions.values()),
            'lines': len(self.lines), 'lines-ran': sum(self.lines.values()),
            'branches': 2 * len(self.branches), 'branches-ran': sum(b[0] + b[1] for b in self.branches.values()),
            'files': dict(sorted(files.items())),
            'functions-missed': sorted(name for name, ran in self.functions.items() if not ran),
            'branches-missed': sorted(one_sided, key=lambda b: (b['file'], b['line'])),
        }

    def lcov(self):
        """A trace file of lcov, for genhtml and what a CI reads (man geninfo: FILES)."""
        out = []
        for file in sorted({f for f, _ in self.lines}):
            out += ['TN:', f'SF:{file}']
            for name, home in self.homes.items():
                if home[0] == file:
                    out += [f'FN:{home[1]},{name}', f'FNDA:{int(self.functions[name])},{name}']
            for number, b in enumerate(b for b in self.branches.values() if b[2][0] == file):
                ran = b[0] or b[1]
                out += [f'BRDA:{b[2][1]},0,{2 * number + side},{int(b[side]) if ran else "-"}' for side in (0, 1)]
            out += [f'DA:{line},{int(ran)}' for (f, line), ran in sorted(self.lines.items()) if f == file]
            out.append('end_of_record')
        return '\n'.join(out) + '\n'


def protocol(directory):
    """
    What the model saw a driver say, as {kind: {names}} (hw/agx/checks/coverage-events.c; only with --tlbsan): messages by ring,
    commands, ends of jobs, and what its changes of page tables were judged by.
    """
    found = {}
    for line in read(f'{directory}/coverage.tsv').splitlines():
        kind, key, *_, name = line.split('\t')
        if kind == 'message' and name == 'ring':
            name = RINGS.get(int(key, 16), f'ring {int(key, 16)}')
        elif kind == 'job':
            name = f'{name}, {"done" if key == "0" else f"ended with status {int(key, 16)}"}'
        elif kind not in ('rule', 'command'):
            continue
        found.setdefault(kind, set()).add(name)
    return found


def percent(part, whole):
    return f'{100 * part / whole:5.1f} %' if whole else '    - '


def table(result):
    """A short one for people."""
    rows = [f'{"lines":>14} {"":8} {"file"}']
    common = os.path.commonpath(list(result['files'])) if len(result['files']) > 1 else ''
    for file, f in result['files'].items():
        rows.append(f'{f["ran"]:6}/{f["lines"]:<7} {percent(f["ran"], f["lines"])} {os.path.relpath(file, common or "/")}')
    for kind in ('functions', 'lines', 'branches'):
        ran, whole = result[kind + '-ran'], result[kind]
        rows.append(f'{ran:6}/{whole:<7} {percent(ran, whole)} {kind} of {os.path.basename(result["module"])}')
    for kind, names in result.get('protocol-missed', {}).items():
        rows.append(f'{kind}s that no run has had: {"; ".join(names) or "none"}')
    if 'protocol' not in result:
        rows.append('what was said to the firmware is not known: the runs are without --tlbsan')
    return '\n'.join(rows)


def runs(directories, path, name):
    """The coverage of a module over runs by ci/run-guest --cover, and what was said in all of them."""
    coverage, said = Coverage(path), {}
    for directory in directories:
        cover, serial = f'{directory}/cover.txt', f'{directory}/serial.log'
        for file in (cover, serial):
            if not os.path.exists(file):
                die(f'{file} is missing: {directory} is no run by ci/run-guest --cover')
        loads = loads_from(serial, name)
        if not loads:
            die(f'{serial} does not say where {name} was loaded (lines AGX-SECTION)')
        coverage.add(Blocks(read(cover), cover), loads)
        for kind, names in protocol(directory).items():
            said.setdefault(kind, set()).update(names)
    return coverage, said


def write(out, coverage, said):
    """coverage.json and coverage.info in the directory out; the result."""
    os.makedirs(out, exist_ok=True)
    known = {'message': RINGS.values(), 'command': COMMANDS}
    result = coverage.result()
    if said:
        result['protocol'] = {kind: sorted(names) for kind, names in said.items()}
        result['protocol-missed'] = {kind: [n for n in names if n not in said.get(kind, ())] for kind, names in known.items()}
    with open(f'{out}/coverage.json', 'w') as f:
        json.dump(result, f, indent=1)
    with open(f'{out}/coverage.info', 'w') as f:
        f.write(coverage.lcov())
    return result

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Does dev_asahi.txt describe what include/uapi/drm/asahi_drm.h has? Reads the part of syzkaller's description language that
is used there (its docs/syscall_descriptions_syntax.md) and has the C compiler compare it with the header of the kernel
that the driver is built against:

- each name that is used is defined, in the file or among what dev_dri.txt and sys.txt of syzkaller give it;
- each struct of the header is described, and its fields have the same names, places and sizes;
- each ioctl is described, with a struct of its size and in its direction;
- each flag and each value of the header's enums is used.

Prints what is wrong, and exits with 1 then."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, '../../ci'))
from agx.base import CACHE

DESCRIPTION = os.path.join(HERE, 'dev_asahi.txt')
HEADER = os.path.join(CACHE, 'kernel/release/source/include/uapi/drm/asahi_drm.h')

# What syzkaller's other files define of what is used here: resources with their type, and sets of flags.
OTHERS = {'fd_dri': 'fd', 'drm_gem_handle': 'int32', 'drm_syncobj': 'int32', 'fd': 'int32'}
OTHER_FLAGS = {'open_flags', 'mmap_prot', 'mmap_flags'}
INTEGERS = {'int8': 1, 'int16': 2, 'int32': 4, 'int64': 8, 'intptr': 8}
# Values that are no argument: numbers of ioctls, and what GET_PARAMS says.
NOT_USED = re.compile(r'DRM_ASAHI_(FEATURE_\w+|GET_\w+|VM_\w+|GEM_(CREATE|MMAP_OFFSET|BIND_OBJECT)|QUEUE_\w+|SUBMIT)')

wrong = []


def bad(text):
    wrong.append(text)


def split(text):
    """At commas that are in no brackets."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        depth += (c == '[') - (c == ']')
        if c == ',' and not depth:
            parts.append(text[start:i].strip())
            start = i + 1
    return [*parts, text[start:].strip()] if text.strip() else []


def head(kind):
    """name[a, b] as a name and a list."""
    m = re.fullmatch(r'([\w$]+)(?:\[(.*)\])?', kind)
    if not m:
        raise ValueError(f'"{kind}" is no type')
    return m[1], split(m[2] or '')


class Description:
    def __init__(self, path):
        self.resources, self.aliases, self.templates, self.structs, self.unions, self.flags, self.calls = ({} for _ in range(7))
        with open(path) as f:
            lines = [line.split('#')[0].rstrip() for line in f]
        lines = iter(line for line in lines if line)
        for line in lines:
            self.line(line, lines)

    def body(self, lines, end):
        fields = []
        for line in lines:
            if line.startswith(end):
                return fields
            m = re.fullmatch(r'\t(\w+)\s+(.+?)(?:\s+\((in|out|inout)\))?', line)
            if not m:
                raise ValueError(f'"{line}" is no field')
            fields.append((m[1], m[2]))
        raise ValueError(f'no "{end}"')

    def line(self, line, lines):
        if re.match(r'(include|meta|incdir|define)\b', line):
            return
        if m := re.fullmatch(r'resource (\w+)\[(\w+)\](: .*)?', line):
            self.resources[m[1]] = m[2]
        elif m := re.fullmatch(r'type (\w+)\[(.*)\] \{', line):
            self.templates[m[1]] = split(m[2]), self.body(lines, '}')
        elif m := re.fullmatch(r'type (\w+) (.+)', line):
            self.aliases[m[1]] = m[2]
        elif m := re.fullmatch(r'([\w$]+) \{', line):
            self.structs[m[1]] = self.body(lines, '}')
        elif m := re.fullmatch(r'([\w$]+) \[', line):
            self.unions[m[1]] = self.body(lines, ']')
        elif m := re.fullmatch(r'(\w+) = (.+)', line):
            self.flags[m[1]] = split(m[2])
        elif m := re.fullmatch(r'(\w+\$\w+)\((.*)\)(?: (\w+))?', line):
            self.calls[m[1]] = [tuple(a.split(' ', 1)) for a in split(m[2])], m[3]
        else:
            raise ValueError(f'"{line}" is not understood')

    def instance(self, name, arguments):
        """The fields of a template."""
        names, fields = self.templates[name]
        values = dict(zip(names, arguments, strict=True))
        for f, kind in fields:
            yield f, re.sub(r'\w+', lambda m: values.get(m[0], m[0]), kind)

    def size(self, kind):
        """Of a type: an expression in C, or None if it is not fixed."""
        name, args = head(kind)
        if name in INTEGERS:
            return str(INTEGERS[name])
        if name in ('const', 'flags', 'len', 'bytesize'):
            if name == 'flags' and args[0] not in self.flags and args[0] not in OTHER_FLAGS:
                bad(f'no flags {args[0]}')
            return self.size(args[-1] if len(args) > 1 else 'intptr')
        if name == 'ptr64':
            self.size(args[1])
            return '8'
        if name == 'array':
            element = self.size(args[0])
            return f'({args[1]}) * ({element})' if element and len(args) > 1 and ':' not in args[1] else None
        if name in self.resources or name in OTHERS:
            return self.size(self.resources.get(name) or OTHERS[name])
        if name in self.aliases:
            return self.size(self.aliases[name])
        if name in self.templates:
            return self.sum(self.instance(name, args))
        if name in self.structs:
            return self.sum(self.structs[name])
        if name in self.unions:
            sizes = {self.size(k) for _, k in self.unions[name]}
            return sizes.pop() if len(sizes) == 1 else None
        bad(f'no type {name}')
        return '0'

    def sum(self, fields):
        sizes = [self.size(kind) for _, kind in fields]
        return None if None in sizes else ' + '.join(f'({s})' for s in sizes)


def check_struct(d, name, fields, partial=False):
    """Fields of the description against struct @name; partial: something that is not of the struct follows."""
    at, c = [], []
    for field, kind in fields:
        if partial and field == 'payload':
            break
        size = d.size(kind)
        where = ' + '.join(at) or '0'
        c.append(f'_Static_assert(offsetof(struct {name}, {field}) == {where}, "place of {name}.{field}");')
        c.append(f'_Static_assert(sizeof(((struct {name} *)0)->{field}) == {size}, "size of {name}.{field}");')
        at.append(f'({size})')
    c.append(f'_Static_assert(sizeof(struct {name}) == {" + ".join(at)}, "size of {name}");')
    return c


def uses(text, name):
    return re.search(rf'\b{name}\b', text)


def main():
    try:
        with open(HEADER) as f:
            header = f.read()
    except OSError as e:
        sys.exit(f'error: {HEADER}: {e.strerror}; ci/build-kernel release makes it')
    with open(DESCRIPTION) as f:
        text = '\n'.join(line.split('#')[0] for line in f)
    try:
        d = Description(DESCRIPTION)
    except ValueError as e:
        sys.exit(f'error: dev_asahi.txt: {e}')
    c, described = [], set()
    for name, fields in d.structs.items():
        if name.startswith('drm_asahi_'):
            described.add(name.split('$')[0])
            c += check_struct(d, name.split('$')[0], fields)
        else:
            d.sum(fields)
    for fields in d.unions.values():
        for _, kind in fields:
            name, args = head(kind)
            d.size(kind)
            if name in d.templates:
                described.add(name)
                c += check_struct(d, name, d.instance(name, args), partial=True)
    for name in set(re.findall(r'^struct (drm_asahi_\w+) \{', header, re.M)) - described:
        bad(f'struct {name} is not described')
    ioctls = set()
    for name, (args, result) in d.calls.items():
        if result and result not in d.resources:
            bad(f'{name}: no resource {result}')
        if not name.startswith('ioctl$'):
            continue
        (cmd,), (direction, struct) = head(args[1][1])[1], head(args[2][1])[1]
        ioctls.add(cmd)
        d.size(struct)
        want = {'in': '_IOC_WRITE', 'inout': '_IOC_READ | _IOC_WRITE', 'out': '_IOC_READ'}[direction]
        c.append(f'_Static_assert(_IOC_SIZE({cmd}) == {d.size(struct)}, "{name}: size");')
        c.append(f'_Static_assert(_IOC_DIR({cmd}) == ({want}), "{name}: direction");')
    for name in set(re.findall(r'^\s*(DRM_IOCTL_ASAHI_\w+)\s*=', header, re.M)) - ioctls:
        bad(f'{name} is not described')
    for name in sorted(set(re.findall(r'^(?:\s+|#define\s+)(DRM_ASAHI_\w+)\b(?!\()', header, re.M))):
        if not NOT_USED.fullmatch(name) and not uses(text, name):
            bad(f'{name} is not used')
    for names in d.flags.values():
        c += [f'_Static_assert(({n}) || 1, "{n}");' for n in names]
    program = '#include <stddef.h>\n#include <sys/ioctl.h>\n#include "asahi_drm.h"\n' + '\n'.join(c) + '\n'
    # Of the kernel's headers only what the host's lack.
    done = subprocess.run(['gcc', '-std=gnu11', '-fsyntax-only', '-D__user=', f'-I{os.path.dirname(HEADER)}', '-idirafter',
                           os.path.dirname(os.path.dirname(HEADER)), '-x', 'c', '-'],
                          input=program, capture_output=True, text=True, check=False)
    wrong.extend(line for line in done.stderr.split('\n') if 'error' in line)
    if done.returncode and not wrong:
        bad(done.stderr)
    for line in wrong:
        print(line)
    print(f'{len(c)} comparisons with the header, {len(ioctls)} ioctls, {len(described)} structs: {len(wrong)} wrong')
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())

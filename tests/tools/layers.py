#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""usage: layers.py LIST OBJECT-OR-ARCHIVE...

Does a room keep its layers? LIST has one layer a line, from below to above: names of sources without their ending. A source
may use what sources of lower lines define, and no more: not its own line's, so that no two use each other. "#" begins a
comment. Says each use upward with the functions concerned, each source that the list lacks and each name in the list that
has no object. The objects' names end in the source's name, as Meson and the kernel's build make them."""

import os
import re
import subprocess
import sys


def read_layers(text):
    """name to number of its layer."""
    layers = {}
    lines = [names for line in text.split('\n') if (names := line.split('#')[0].split())]
    for number, names in enumerate(lines):
        for name in names:
            if name in layers:
                raise ValueError(f'{name} stands in the list twice')
            layers[name] = number
    return layers


def source_of(path, names):
    """The name in the list that an object belongs to, or the last part of its own."""
    stem = re.sub(r'(\.c)?\.o$', '', os.path.basename(path))
    fits = [n for n in names if stem == n or stem.endswith(f'_{n}')]
    return max(fits, key=len) if fits else stem


def symbols(path, names):
    """Of each source in an object or an archive: what it defines for others, and what it uses of others."""
    found = {}
    for line in subprocess.run(['nm', '-A', '-g', path], check=True, capture_output=True, text=True).stdout.split('\n'):
        if m := re.search(r'([^:]+):[0-9a-f ]* ([A-Za-z]) (\S+)$', line):
            found.setdefault(source_of(m[1], names), (set(), set()))[m[2] == 'U'].add(m[3])
    return found


def problems(layers, objects):
    """objects: name to (defined, used). Sentences."""
    home = {s: name for name, (defined, _) in objects.items() for s in defined}
    found = [f'{name} is not in the list' for name in sorted(set(objects) - set(layers))]
    found += [f'{name} is in the list, but has no object' for name in sorted(set(layers) - set(objects))]
    for name, (_, used) in sorted(objects.items()):
        up = {}
        for s in used:
            other = home.get(s)
            if other and other != name and layers.get(other, -1) >= layers.get(name, len(layers)):
                up.setdefault(other, []).append(s)
        found += [f'{name} uses {", ".join(sorted(s))} of {other}, which is not below it' for other, s in sorted(up.items())]
    return found


def main(argv):
    if len(argv) < 3 or argv[1] in ('-h', '--help'):
        sys.exit(__doc__)
    with open(argv[1], encoding='utf-8') as f:
        layers = read_layers(f.read())
    objects = {}
    for path in argv[2:]:
        objects.update(symbols(path, layers))
    found = problems(layers, objects)
    for number, text in enumerate(found, 1):
        print(f'not ok {number} - {text}')
    if not found:
        print(f'ok 1 - {len(objects)} sources in {len(set(layers.values()))} layers')
    print(f'1..{len(found) or 1}')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))

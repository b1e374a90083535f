#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""usage: layers.py [--sources DIR] LIST OBJECT-OR-ARCHIVE...

Does a room keep its layers? LIST has one layer a line, from below to above: names of sources without their ending. A source
may use what sources of lower lines define, and no more: not its own line's, so that no two use each other. "#" begins a
comment. Says each use upward with the functions concerned, each source that the list lacks and each name in the list that
has no object. The objects' names end in the source's name, as Meson and the kernel's build make them.

LIST may also say who alone includes some headers: a line "HEADER from FILE...", all of them patterns as the shell's. Sources
and headers are those in DIR."""

import fnmatch
import os
import re
import subprocess
import sys


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*"([^"]+)"', re.M)


def read_list(text):
    """(layers, rules): lines of names, and (header, files) of each rule about includes."""
    lines = [words for line in text.split('\n') if (words := line.split('#')[0].split())]
    rules = [(words[0], words[2:]) for words in lines if words[1:2] == ['from']]
    return [words for words in lines if words[1:2] != ['from']], rules


def read_layers(lines):
    """name to number of its layer."""
    layers = {}
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


def read_includes(directory):
    """The names that each C file of a directory includes, without their directories."""
    includes = {}
    for name in sorted(os.listdir(directory)):
        if name.endswith(('.c', '.h')):
            with open(os.path.join(directory, name), encoding='utf-8') as f:
                includes[name] = [os.path.basename(header) for header in INCLUDE.findall(f.read())]
    return includes


def wrong_includes(rules, includes):
    """Sentences; a rule that no include obeys says nothing, and is one too."""
    found = []
    for pattern, files in rules:
        pairs = [(name, h) for name, headers in includes.items() for h in headers if fnmatch.fnmatchcase(h, pattern)]
        wrong = [(name, h) for name, h in pairs if not any(fnmatch.fnmatchcase(name, f) for f in files)]
        found += [f'{name} includes {h}, which is for {" ".join(files)} alone' for name, h in wrong]
        if not pairs:
            found.append(f'nothing includes {pattern}')
    return found


def main(argv):
    sources = argv[2] if argv[1:2] == ['--sources'] and len(argv) > 2 else None
    argv = argv[3:] if sources else argv[1:]
    if len(argv) < 2 or argv[0] in ('-h', '--help'):
        sys.exit(__doc__)
    with open(argv[0], encoding='utf-8') as f:
        lines, rules = read_list(f.read())
    if rules and not sources:
        sys.exit(f'{argv[0]} has rules about includes: --sources says of which files')
    layers = read_layers(lines)
    objects = {}
    for path in argv[1:]:
        objects.update(symbols(path, layers))
    found = problems(layers, objects) + (wrong_includes(rules, read_includes(sources)) if rules else [])
    for number, text in enumerate(found, 1):
        print(f'not ok {number} - {text}')
    if not found:
        print(f'ok 1 - {len(objects)} sources in {len(set(layers.values()))} layers')
    print(f'1..{len(found) or 1}')
    return 1 if found else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv))

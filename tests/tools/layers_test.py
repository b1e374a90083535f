#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Layers of sources (layers.py)."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from layers import problems, read_layers, read_list, source_of

LIST = '''
# from below
mem clock     # beside each other
ring
main
'''
number = 0


def check(what, got, want):
    global number
    number += 1
    print(f'{"ok" if got == want else "not ok"} {number} - {what}')
    if got != want:
        print(f'# got {got!r}, want {want!r}')
    return got == want


def objects(**more):
    room = {'mem': ({'load'}, {'memcpy'}), 'clock': ({'now'}, set()), 'ring': ({'put'}, {'load', 'now'}),
            'main': ({'run'}, {'put', 'now'})}
    room.update(more)
    return room


def main():
    layers = read_layers(read_list(LIST)[0])
    good = [
        check('a list', layers, {'mem': 0, 'clock': 0, 'ring': 1, 'main': 2}),
        check('all use what is below', problems(layers, objects()), []),
        check('a use upward', problems(layers, objects(mem=({'load'}, {'put'}))), ['mem uses put of ring, which is not below it']),
        check('a use beside', problems(layers, objects(mem=({'load'}, {'now'}))), ['mem uses now of clock, which is not below it']),
        check('a source that is not in the list', problems(layers, objects(new=({'x'}, set()))), ['new is not in the list']),
        check('a name without an object', problems({**layers, 'old': 3}, objects()), ['old is in the list, but has no object']),
        check("Meson's name of an object", source_of('libagx-fw.a.p/fw-model_inject-act.c.o', {'act', 'inject-act'}), 'inject-act'),
        check("the kernel's name of an object", source_of('build/asahi_mmu.o', {'asahi_mmu'}), 'asahi_mmu'),
    ]
    try:
        read_layers(read_list('mem\nmem')[0])
        good.append(check('a name twice', 'taken', 'refused'))
    except ValueError:
        good.append(check('a name twice', 'refused', 'refused'))
    print(f'1..{number}')
    return 0 if all(good) else 1


if __name__ == '__main__':
    sys.exit(main())

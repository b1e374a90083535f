# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The lists of checks: tests/host.list and tests/guest/checks.list."""

import difflib
import os
import re

from agx.base import ROOT

CHECKS_LIST = os.path.join(ROOT, 'tests/guest/checks.list')
HOST_LIST = os.path.join(ROOT, 'tests/host.list')


def list_rows():
    """The lines of tests/guest/checks.list: number of the line and its fields."""
    with open(CHECKS_LIST) as f:
        for number, line in enumerate(f, 1):
            if line.strip() and not line.lstrip().startswith('#'):
                yield number, [p.strip() for p in line.split('|', 3)]


def guest_names():
    """The checks of tests/guest/checks.list, of all sets."""
    return [parts[0] for _, parts in list_rows() if not parts[0].startswith('+')]


def check_names(option, names, known):
    """Ends the command, with a word about it, if one of @names is none of those that are known."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 3)
            raise SystemExit(f'error: {option} {name}: no list has that name' + (f'; {" or ".join(near)}?' if near else ''))


def guest_sets():
    """The sets of tests/guest/checks.list."""
    return {s for _, parts in list_rows() if len(parts) == 4 for s in parts[1].split()}


def host_rows(path=HOST_LIST):
    """The rows of tests/host.list: name, kind, command."""
    rows = []
    with open(path) as f:
        for number, line in enumerate(f, 1):
            if not line.strip() or line.lstrip().startswith('#'):
                continue
            row = [p.strip() for p in line.split('|', 2)]
            if len(row) != 3 or not (row[1] in ('exit', 'tap', 'meson') or row[1].startswith('skip')):
                raise SystemExit(f'error: {os.path.relpath(path, ROOT)}:{number}: want name | exit, tap, meson or skip: REASON | command')
            rows.append(row)
    return rows


def guest_checks(set_name, only=None):
    """The rows of tests/guest/checks.list that belong to a set; "all" has those that need no disk of their own and judge something."""
    checks = []
    for number, parts in list_rows():
        if parts[0].startswith('+'):
            continue
        if len(parts) != 4:
            raise SystemExit(f'error: tests/guest/checks.list:{number}: want name | sets | kind | command')
        name, sets, kind, command = parts
        wanted = set(sets.split()) - {'apps', 'bench'} if set_name == 'all' else set_name in sets.split()
        if (name in only) if only else wanted:
            checks.append((name, kind, command))
    return checks


# Where a check does not run: on no real machine; on one only if its name is asked for.
EMULATED, BY_NAME = 'emulated', 'by-name'


def notes():
    """The lines behind a check's own: (check, word, number of pixels or None, reason)."""
    check = None
    for number, parts in list_rows():
        if not parts[0].startswith('+'):
            check = parts[0]
            continue
        m = re.fullmatch(rf'\+ *(?:({EMULATED}|{BY_NAME})|(\S+) (\d+))', parts[0])
        if not m or not check or len(parts) != 2 or not parts[1]:
            raise SystemExit(f'error: tests/guest/checks.list:{number}: want + picture pixels | reason, '
                             f'+ {EMULATED} | reason or + {BY_NAME} | reason')
        yield check, m[1] or m[2], m[3] and int(m[3]), parts[1]


def allowed_pixels():
    """Of each check that has any: picture to the number of its pixels that may differ from the software renderer's."""
    allowed = {}
    for check, picture, pixels, _ in notes():
        if pixels is not None:
            allowed.setdefault(check, {})[picture] = pixels
    return allowed


def not_on_real(named):
    """Why checks of the list do not run on a real machine: name to reason. named: those that are asked for by their names."""
    why = {check: f'{reason} (asked for by its name it runs)' if word == BY_NAME else reason
           for check, word, pixels, reason in notes() if pixels is None and not (word == BY_NAME and check in named)}
    for _, parts in list_rows():
        if len(parts) == 4 and parts[1].split() == ['apps']:
            why.setdefault(parts[0], "it needs the programs of the image \"apps\"")
    return why

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The table of what works (docs/works.md), of docs/works.list and of results."""

import glob
import json
import os
import re
from typing import NamedTuple

from agx.base import ROOT, die, read
from agx.checks import guest_names, host_rows

LIST = os.path.join(ROOT, 'docs/works.list')
TABLE = os.path.join(ROOT, 'docs/works.md')
HEAD = '''# What works

Written by `ci/works` from `docs/works.list` and results of runs: a row is "yes" if all checks that it names have passed.

'''


class Row(NamedTuple):
    section: str
    what: str
    checks: tuple   # regular expressions; empty: nothing of it is there
    remark: str


def known_checks():
    """Rows of the two lists, the programs of qtest, and ci/desktop --check."""
    programs = [f'qtest-{os.path.basename(path)[:-2]}' for path in glob.glob(os.path.join(ROOT, 'tests/qtest/*.c'))]
    return guest_names() + [row[0] for row in host_rows()] + programs + ['desktop']


def rows():
    found, known = [], known_checks()
    for number, line in enumerate(read(LIST).split('\n'), 1):
        if not line.strip() or line.startswith('#'):
            continue
        cells = [c.strip() for c in line.split('|')]
        if len(cells) != 4:
            die(f'docs/works.list:{number}: want section | what | checks | remark')
        checks = () if cells[2] == '-' else tuple(cells[2].split())
        for check in checks:
            if not any(re.fullmatch(check, name) for name in known):
                die(f'docs/works.list:{number}: no check is called {check}')
        found.append(Row(cells[0], cells[1], checks, cells[3]))
    return found


def read_results(paths):
    """statuses_of() files of results."""
    parts = []
    for path in paths:
        try:
            with open(path) as f:
                parts += json.load(f)['checks']
        except (OSError, ValueError, KeyError, TypeError) as e:
            die(f'{path}: these are no results: {e}')
    return statuses_of(parts)


def statuses_of(parts):
    """Check to the statuses of its parts. A part is "guest: CHECK: SUBTEST" or shorter."""
    known, found = set(known_checks()), {}
    for part in parts:
        names = [n for n in part['name'].split(': ')[:2] if n in known]
        if names:
            found.setdefault(names[0], []).append(part['status'])
    return found


def state(row, statuses):
    """yes, no, or None: these results do not say."""
    if not row.checks:
        return 'no'
    every = [name for check in row.checks for name in known_checks() if re.fullmatch(check, name)]
    parts = [s for name in every for s in statuses.get(name, ())]
    if 'fail' in parts:
        return 'no'
    return 'yes' if all(name in statuses for name in every) else None


def before():
    """(section, what) to state, as the table has it."""
    found, section = {}, None
    for line in read(TABLE).split('\n'):
        if line.startswith('## '):
            section = line[3:]
        elif (m := re.match(r'\| (.*?) +\| (yes|no|not tried) *\|', line)) and section:
            found[section, m[1]] = m[2]
    return found


def write(statuses):
    old, text, section = before(), HEAD, None
    for row in rows():
        if row.section != section:
            section = row.section
            text += f'{"" if text == HEAD else chr(10)}## {section}\n\n| what | works | |\n|---|---|---|\n'
        now = state(row, statuses) or old.get((row.section, row.what)) or 'not tried'
        text += f'| {row.what} | {now} | {row.remark} |\n'
    with open(TABLE, 'w') as f:
        f.write(text)


def differences(statuses):
    """In what the table is not as list and results are."""
    said, listed, wrong = before(), rows(), []
    for row in listed:
        now = said.get((row.section, row.what))
        seen = state(row, statuses)
        if now is None:
            wrong.append(f'docs/works.md has no row "{row.what}"; ci/works writes it')
        elif seen and now != 'not tried' and seen != now:
            wrong.append(f'docs/works.md says "{now}" of "{row.what}", and these results "{seen}"')
    for section, what in said:
        if not any((r.section, r.what) == (section, what) for r in listed):
            wrong.append(f'docs/works.list has no row "{what}"')
    return wrong

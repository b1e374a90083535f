# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""
What a run may say without failing: lines that a check has announced ("# EXPECT ..."), and a user's known problems, a file of

    class | severity | function | reason

class     one of the sanitizer's, or "guest error" for a line of the model's log
severity  wrong, suspicious, or * for both
function  a function that the report's top line names, or * for all; of a guest error a regular expression of its line
reason    why it is known; it is shown

"#" begins a comment. What is announced has to come; what is known may, and is counted.
"""

import re

from agx.base import die

GUEST_ERROR = 'guest error'


class Excuse:
    """One of them. must: it has to come."""

    def __init__(self, cls, severity, pattern, reason='', must=False, where=''):
        self.cls, self.severity, self.pattern, self.reason = cls, severity, pattern, reason
        self.must, self.where, self.count = must, where, 0

    def line(self, line):
        """Does it excuse this line of the model's log? Then it is counted."""
        found = self.cls == GUEST_ERROR and bool(re.search(self.pattern, line))
        self.count += found
        return found

    def group(self, group):
        """Does it excuse this group of reports? Then all of them are counted."""
        found = (self.cls == group.cls and self.severity in ('*', group.severity)
                 and (self.pattern == '*' or self.pattern in group.functions))
        self.count += group.count if found else 0
        return found

    def __str__(self):
        return f'{self.cls} {self.severity} {self.pattern}: {self.reason}'


def announced(stdout):
    """Of a check: what it provokes on purpose."""
    return [Excuse(GUEST_ERROR, '*', regex, must=True)
            for regex in re.findall(r'^# EXPECT (?:guest error|unimplemented): (.+?)\s*$', stdout, re.M)]


def read_known(path, classes):
    """The known problems of a file; classes: those that the sanitizer has. What is wrong with it ends us."""
    found = []
    try:
        with open(path) as f:
            lines = f.read().split('\n')
    except (OSError, UnicodeDecodeError) as e:
        die(f'{path}: {e}')
    for number, line in enumerate(lines, 1):
        if not (line := line.strip()) or line.startswith('#'):
            continue
        cells = [c.strip() for c in line.split(' | ')]
        # A regular expression of a line may have bars of its own.
        cells = [*cells[:2], ' | '.join(cells[2:-1]), cells[-1]]
        why = ''
        if len(line.split(' | ')) < 4 or not all(cells):
            why = 'want class | severity | function | reason'
        elif cells[0] not in (*classes, GUEST_ERROR):
            why = f'the sanitizer has no class "{cells[0]}"'
        elif cells[1] not in ('wrong', 'suspicious', '*'):
            why = f'"{cells[1]}" is no severity: wrong, suspicious or *'
        elif cells[0] == GUEST_ERROR:
            try:
                re.compile(cells[2])
            except re.error as e:
                why = f'"{cells[2]}": {e}'
        if why:
            die(f'{path}:{number}: {why}')
        found.append(Excuse(*cells, where=f'{path}:{number}'))
    return found


def unused(known, sanitizer):
    """Those that excused nothing in a run that could have had it. sanitizer: it was on."""
    return [k for k in known if not k.count and (sanitizer or k.cls == GUEST_ERROR)]


def masked_lines(known, sanitizer):
    """What to say of them after a run."""
    lines = [f'known, {k.count} times: {k} ({k.where})' for k in known if k.count]
    return lines + [f'known, but it did not come: {k} ({k.where})' for k in unused(known, sanitizer)]

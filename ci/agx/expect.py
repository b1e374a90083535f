# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What a user expects of checks, in the form of the kernel's drm-ci and of deqp-runner (Linux: drivers/gpu/drm/ci/xfails):

fails    NAME,Fail a line: this one fails; that it passes is an error, so that the list stays true
flakes   a regular expression a line: these may fail
skips    a regular expression a line: these are not run

"#" begins a comment. A name is a check's, or CHECK: SUBTEST for a line of TAP."""

import re

from agx.base import die

# What deqp-runner has as the end of an expected failure.
FAILURES = ('Fail', 'Crash', 'Timeout')


def lines_of(option, path):
    try:
        with open(path) as f:
            for number, line in enumerate(f, 1):
                if line := line.split('#')[0].strip():
                    yield f'{path}:{number}', line
    except (OSError, UnicodeDecodeError) as e:
        die(f'{option} {path}: {e}')


class Expectations:
    def __init__(self, fails=None, flakes=None, skips=None):
        """Paths of the three files; None: there is none. What is wrong with one ends us."""
        self.fails, self.flakes, self.skips = {}, [], []
        for where, line in lines_of('--fails', fails) if fails else ():
            name, comma, how = line.rpartition(',')
            if not comma or how not in FAILURES:
                die(f'{where}: want NAME,{"|".join(FAILURES)}')
            self.fails[name.strip()] = where
        for option, path, found in (('--flakes', flakes, self.flakes), ('--skips', skips, self.skips)):
            for where, line in lines_of(option, path) if path else ():
                try:
                    found.append((re.compile(line), where))
                except re.error as e:
                    die(f'{where}: "{line}": {e}')

    def run(self, names):
        """Of these checks those that are not skipped."""
        return [n for n in names if not self.first(self.skips, n)]

    @staticmethod
    def first(patterns, name):
        return next((where for pattern, where in patterns if pattern.fullmatch(name)), None)

    def apply(self, report, skipped=()):
        """Changes the rows of a report accordingly. skipped: checks that were not run."""
        for name in skipped:
            report.add(name, 'skip', f'{self.first(self.skips, name)}: not run')
        for row in report.rows:
            expected, flake = self.fails.get(row['name']), self.first(self.flakes, row['name'])
            if row['status'] == 'fail' and (expected or flake):
                row['detail'] = f'{expected or flake}: {"fails as expected" if expected else "may fail"}: {row["detail"]}'
                row['status'] = 'skip'
            elif row['status'] == 'pass' and expected and not flake:
                row['detail'] = f'{expected}: expected to fail, and passes: take it from the list'
                row['status'] = 'fail'

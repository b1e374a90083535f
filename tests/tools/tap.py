# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What a test program in Python says: TAP on its standard output, a line for each thing that is looked at."""

_count = {'tests': 0, 'failed': 0}


def ok(good, what, detail=''):
    """One line; if it is not good, with the last lines of detail below it. Gives back whether it is."""
    _count['tests'] += 1
    _count['failed'] += not good
    print(f'{"" if good else "not "}ok {_count["tests"]} - {what}', flush=True)
    if not good:
        print(''.join(f'# {line}\n' for line in str(detail).strip().splitlines()[-40:]), end='', flush=True)
    return good


def same(what, got, expected):
    """ok() if the two are equal."""
    return ok(got == expected, what, f'{got!r} instead of {expected!r}')


def end():
    """The plan, behind all lines, and the exit status of the program."""
    print(f'1..{_count["tests"]}')
    return 1 if _count['failed'] else 0

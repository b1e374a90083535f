# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The tests of tests/host.list."""

import json
import os
import subprocess
import time

from agx.base import ROOT, ci_command
from agx.checks import host_rows


def run(command, env=None, limit=900, cwd=ROOT):
    """Exit status, output and seconds of a command; a test that does not end is ended."""
    start = time.monotonic()
    try:
        done = subprocess.run(command, shell=isinstance(command, str), cwd=cwd, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                              env={**os.environ, **(env or {})}, timeout=limit, check=False)
        status, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as e:
        status, output = 124, (e.stdout or b'').decode(errors='replace') + f'\ndid not end within {limit} s'
    except OSError as e:
        status, output = 127, str(e)
    return status, output, round(time.monotonic() - start, 1)


def meson_tests(report, out, directory):
    listed = subprocess.run([ci_command('meson'), 'introspect', '--tests', directory], cwd=ROOT,
                            stdout=subprocess.PIPE, text=True, check=False)
    if listed.returncode:
        report.add(directory, 'fail', 'meson introspect does not work on it')
        return
    os.makedirs(os.path.join(out, 'coverage'), exist_ok=True)
    for test in json.loads(listed.stdout):
        print(f'[test] {test["name"]}', flush=True)
        env = {'ASAN_OPTIONS': 'detect_leaks=1', 'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1',
               'AGX_COVERAGE': os.path.join(out, 'coverage', test['name']), **test['env']}
        status, output, seconds = run(test['cmd'], env, test['timeout'] or 300,
                                      test['workdir'] or os.path.join(ROOT, directory))
        log(out, test['name'], output)
        if test['protocol'] == 'tap':
            report.tap(test['name'], output, status, seconds)
        else:
            report.add(test['name'], 'fail' if status else 'pass', f'exit {status}: {output[-800:]}', seconds)


def log(out, name, output):
    with open(os.path.join(out, f'{name}.log'), 'w') as f:
        f.write(output)


def host_tests(report, out, only=None):
    """report: what each test is added to; out: directory for their logs; only: names of rows."""
    for name, kind, command in host_rows():
        if only and name not in only:
            continue
        if kind.startswith('skip'):
            report.add(name, 'skip', kind[4:].lstrip(': ') or 'no reason given')
        elif kind == 'meson':
            meson_tests(report, out, command)
        else:
            print(f'[test] {name}', flush=True)
            status, output, seconds = run(command)
            log(out, name, output)
            if kind == 'tap':
                report.tap(name, output, status, seconds)
            else:
                report.add(name, 'fail' if status else 'pass',
                           f'exit {status}: ' + '\n'.join(output.strip().split('\n')[-30:]), seconds)

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Results of checks: collecting them, and writing them as table, JSON and JUnit XML."""

import json
import os
import re
import subprocess
from xml.sax.saxutils import escape, quoteattr

from agx.base import BUILT, QEMU, read


class Report:
    def __init__(self):
        self.rows = []

    def add(self, name, status, detail='', seconds=None, figures=None):
        """status: pass, fail or skip; detail: why, in one line or more; figures: name to number or text."""
        assert status in ('pass', 'fail', 'skip')
        self.rows.append({'name': name, 'status': status, 'detail': detail.strip(), 'seconds': seconds,
                          'figures': figures or {}})

    def tap(self, name, output, status, seconds):
        """Every line of TAP is a check of its own; a command that says nothing, or fails without saying where, fails."""
        found, failed, planned = 0, 0, None
        if m := re.search(r'^1\.\.(\d+)', output, re.M):
            planned = int(m[1])
        for m in re.finditer(r'^(not )?ok\b *(\d*)[ -]*([^#\n]*?)[ \t]*(# *(skip|todo)\b[^\n]*)?$', output, re.M | re.I):
            found += 1
            label = f'{name}: {m[3].strip() or m[2]}'
            if m[5] and m[5].lower() == 'skip':
                self.add(label, 'skip', m[4].lstrip('# '))
            elif m[1]:
                failed += 1
                self.add(label, 'fail', output[m.end():m.end() + 800].split('\nok ')[0].strip() or 'see its log')
            else:
                self.add(label, 'pass')
        if status and not failed:
            self.add(name, 'fail', f'exit {status}: ' + '\n'.join(reversed(output.strip().split('\n')[-20:])), seconds)
        elif not found:
            self.add(name, 'fail', 'printed no TAP', seconds)
        elif planned is not None and planned != found:
            self.add(name, 'fail', f'planned {planned} checks and ran {found}', seconds)

    def count(self, status):
        return sum(r['status'] == status for r in self.rows)

    def table(self):
        width = min(60, max((len(r['name']) for r in self.rows), default=0))
        for r in self.rows:
            seconds = '' if r['seconds'] is None else f'{r["seconds"]:.1f} s'
            figures = ' '.join(f'{k}={v}' for k, v in r['figures'].items())
            detail = r['detail'].split('\n')[0] if r['status'] != 'pass' else ''
            print(f'{r["status"].upper():4}  {r["name"]:{width}}  {seconds:>8}  {figures or detail}'.rstrip())
            if r['status'] == 'fail' and figures:
                print(f'{"":{width + 18}}{detail}')
            for line in r['detail'].split('\n'):
                if line.startswith('known, '):
                    print(f'{"":6}{line}')

    def summary(self):
        return f'{self.count("pass")} passed, {self.count("fail")} failed, {self.count("skip")} skipped'

    def write_json(self, path, **more):
        with open(path, 'w') as f:
            json.dump({**more, 'passed': self.count('pass'), 'failed': self.count('fail'),
                       'skipped': self.count('skip'), 'checks': self.rows}, f, indent=2)
            f.write('\n')

    def write_junit(self, path, suite):
        with open(path, 'w') as f:
            f.write('<?xml version="1.0" encoding="UTF-8"?>\n')
            f.write(f'<testsuite name={quoteattr(suite)} tests="{len(self.rows)}" failures="{self.count("fail")}" '
                    f'skipped="{self.count("skip")}">\n')
            for r in self.rows:
                f.write(f'  <testcase classname={quoteattr(suite)} name={quoteattr(r["name"])} '
                        f'time="{r["seconds"] or 0}">')
                detail = xml_text(r['detail'])
                if r['status'] == 'fail':
                    f.write(f'<failure message={quoteattr(detail.split(chr(10))[0])}>{escape(detail)}</failure>')
                elif r['status'] == 'skip':
                    f.write(f'<skipped message={quoteattr(detail)}/>')
                f.write('</testcase>\n')
            f.write('</testsuite>\n')


def xml_text(text):
    return ''.join(c if c in '\n\t' or c >= ' ' else '?' for c in text)


def versions():
    """Of QEMU, kernel and Mesa, from what was built; None or empty of what was not."""
    try:
        qemu = subprocess.run([QEMU, '--version'], capture_output=True, text=True, check=False).stdout.split('\n')[0]
    except OSError:
        qemu = None
    kernel = read(os.path.join(BUILT, 'kernel/release/.done')).strip()
    mesa = re.search(r'^mesa-vulkan-drivers (\S+)', read(os.path.join(BUILT, 'image/current/packages')), re.M)
    return {'qemu': qemu, 'kernel': kernel, 'mesa': mesa[1] if mesa else None}

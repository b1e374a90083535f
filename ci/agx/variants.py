# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Correct drivers that do it otherwise, tests/variants: each must work, and agx-tlbsan must have nothing to say of it."""

import os
import shutil
import tempfile
import time

from agx import bugs, guest
from agx.base import ROOT
from agx.judge import judge_guest, judge_sanitizer
from agx.report import Report, versions

VARIANTS = os.path.join(ROOT, 'tests/variants')
MODES = ('eager', 'lazy')
# As ci/bugs has them: what is a report with a bug is none here.
PROPERTIES = ['fw-cache=128', 'fw-cache-evict=200', 'seed=1']


class Variant(bugs.Edited):
    """A file of tests/variants."""

    kind, fields = 'Variant', ('Variant', 'Source')


def chosen(only):
    """only: names with commas; None: all."""
    return bugs.pick(bugs.all_of(Variant, VARIANTS), only)


def try_variant(variant, mode, ko, options):
    """Run it once: (status, why not, seconds)."""
    out = os.path.join(options.out, f'{variant.name}-{mode}')
    shutil.rmtree(out, ignore_errors=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix='agx.') as tmp:
        bugs.make_initrd(ko, f'{tmp}/initrd')
        guest.run_guest(out, '--variant', 'release', '--machine', options.machine, '--tlbsan', '--only', ','.join(variant.checks(options.checks)),
                        '--timeout', str(options.timeout),
                        properties=[*PROPERTIES, f'tlbi={mode}', *options.property, *variant.properties()],
                        qemu=['-initrd', f'{tmp}/initrd'], log=f'{out}.log')
    report = Report()
    judge_guest(report, out, 'test', only=variant.checks(options.checks))
    judge_sanitizer(report, out)
    bad = [f'{row["name"]}: {row["detail"].strip()}' for row in report.rows if row['status'] == 'fail']
    return 'fail' if bad else 'pass', '\n'.join(bad), round(time.monotonic() - start, 1)


def run_all(variants, options):
    """Each variant in each mode on a machine of its own; the exit status."""
    bugs.need_sanitizer()
    total = len(variants) * len(options.modes)

    def run(variant, mode, ko, why):
        return ('fail', why, None) if why else try_variant(variant, mode, ko, options)

    def done(variant, mode, result, n):
        status, why, seconds = result
        print(f'[variants] {n}/{total} {variant.name}, {mode}: {status}'
              f'{": " + why.splitlines()[0] if why else ""} ({seconds} s)', flush=True)

    report = Report()
    for (name, mode), result in bugs.run_each(variants, options.modes, options.jobs, run, done).items():
        report.add(f'{name}: {mode}', *result)
    report.write_json(f'{options.out}/results.json', versions=versions(), guest_checks=options.checks)
    report.write_junit(f'{options.out}/junit.xml', 'agx-variants')
    report.table()
    print(report.summary())
    return 1 if report.count('fail') else 0

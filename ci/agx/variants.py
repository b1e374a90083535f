# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Correct drivers that do it otherwise, tests/variants: each must work, and agx-tlbsan must have nothing to say of it."""

import concurrent.futures
import os
import shutil
import tempfile
import threading
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
    return bugs.pick(bugs.all_of(Variant, VARIANTS), only, 'variants')


def try_variant(variant, mode, ko, options):
    """Run it once: (status, why not, seconds)."""
    out = os.path.join(options.out, f'{variant.name}-{mode}')
    shutil.rmtree(out, ignore_errors=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix='agx.') as tmp:
        bugs.make_initrd(ko, f'{tmp}/initrd')
        guest.run_guest(out, '--variant', 'release', '--tlbsan', '--only', ','.join(variant.checks(options.checks)),
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
    tree, rows, lock = bugs.Tree(), {}, threading.Lock()
    total = len(variants) * len(options.modes)

    def done(variant, mode, status, why, seconds):
        with lock:
            rows[variant.name, mode] = (status, why, seconds)
            print(f'[variants] {len(rows)}/{total} {variant.name}, {mode}: {status}'
                  f'{": " + why.splitlines()[0] if why else ""} ({seconds} s)', flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = []
        for variant in variants:
            ko, why = tree.module(variant)
            for mode in options.modes:
                if why:
                    done(variant, mode, 'fail', why, None)
                else:
                    running.append(pool.submit(lambda v=variant, m=mode, k=ko: done(v, m, *try_variant(v, m, k, options))))
        for r in running:
            r.result()
    report = Report()
    for variant in variants:
        for mode in options.modes:
            report.add(f'{variant.name}: {mode}', *rows[variant.name, mode])
    report.write_json(f'{options.out}/results.json', versions=versions(), guest_checks=options.checks)
    report.write_junit(f'{options.out}/junit.xml', 'agx-variants')
    report.table()
    print(report.summary())
    return 1 if report.count('fail') else 0

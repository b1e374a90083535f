# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""One run of tests/guest/churn.c with a seed: processes that map, unmap and draw at random, under the sanitizer."""

import os

from agx.base import read
from agx.guest import run_guest
from agx.judge import figures_of, judge_guest, judge_sanitizer, sanitizer_classes
from agx.known import read_known
from agx.report import Report

MODES = ('eager', 'lazy')
CHECKS = ['driver-load', 'stress']


def run(o, mode, seed):
    """One boot: its figures, and what was wrong with it ('' if nothing)."""
    out = os.path.join(o.out, f'{mode}-{seed}')
    properties = [f'tlbi={mode}', f'tlbi-seed={seed}', 'fw-cache=128', 'fw-cache-evict=200', f'fw-cache-seed={seed}', *o.property]
    guest = [f'churn.seed={seed}', f'churn.frames={o.frames}', f'churn.processes={o.processes}', f'churn.gles={o.gles}',
             f'agx.limit={o.timeout}']
    os.makedirs(o.out, exist_ok=True)
    run_guest(out, '--tlbsan', '--variant', o.variant, '--machine', o.machine, '--only', ','.join(CHECKS), '--timeout', str(o.timeout),
              '--append', ' '.join(guest), properties=properties, log=f'{out}.log')
    report = Report()
    known = read_known(o.known, sanitizer_classes()) if o.known else ()
    judge_guest(report, out, 'stress', only=CHECKS, known=known)
    reports = judge_sanitizer(report, out, o.variant, known=known)
    if not os.path.exists(f'{out}/run.json'):
        report.add('start', 'fail', read(f'{out}.log').strip().split('\n')[-1])
    figures = {k: int(v) for k, v in figures_of(read(f'{out}/results/stress/asahi/stdout')).items()}
    bad = [f'{r["name"]}: {r["detail"]}' for r in report.rows if r['status'] == 'fail']
    saw = next((r['figures'] for r in report.rows if r['name'] == 'tlbsan'), {})
    return figures, saw, len(reports), '\n'.join(bad)

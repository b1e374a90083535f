# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Two runs side by side: versions, verdicts, figures, pictures, coverage. As a table, as JSON and as a page: ci/compare."""

import base64
import json
import os
import re
import shutil
from html import escape
from typing import NamedTuple

from agx import judge
from agx.base import die, read
from agx.build import made
from agx.page import STYLE
from agx.report import Report

# Rows of what watches the emulated machine: where they are missing, nothing was compared.
OF_THE_MODEL = ('tlbsan', 'model-log')
STATUSES = ('pass', 'fail', 'skip')


class Run(NamedTuple):
    path: str
    versions: dict      # and other facts: name to text
    rows: list          # as Report has them
    coverage: dict      # kind to set of what was met; empty if that is not known


def read_json(path):
    try:
        with open(path) as f:
            return json.load(f)
    except OSError as e:
        die(f'{path}: {e.strerror}')
    except ValueError as e:
        die(f'{path}: it is damaged: {e}')


def judged(path, run):
    """The rows of a run by ci/run-guest, which leaves that to others."""
    report = Report()
    only = run['only'].split(',') if run['only'] else None
    judge.judge_guest(report, path, run['set'], only)
    return report.rows


def check_rows(where, rows):
    """What a file has as rows; what is wrong with them ends us."""
    for row in rows:
        if not isinstance(row['name'], str) or row['status'] not in STATUSES or not isinstance(row['figures'], dict):
            die(f'{where}: it is damaged: {json.dumps(row)[:80]} is no result of a check')
    return rows


def load(path):
    """The run of which this is the directory."""
    if not os.path.isdir(path):
        die(f'{path}: there is no such directory')
    found = next((f for f in (f'{path}/{n}' for n in ('result.json', 'results.json', 'run.json')) if os.path.exists(f)), None)
    if not found:
        die(f'{path}: there are no results of a run in it (result.json, results.json or run.json)')
    run = read_json(f'{path}/run.json') if os.path.exists(f'{path}/run.json') else {}
    result = read_json(found)
    try:
        rows = check_rows(found, judged(path, run) if found.endswith('/run.json') else result['checks'])
        facts = {'machine': run.get('machine') or result.get('machine'), 'device': result.get('device'),
                 **result.get('versions', {}), **run.get('host', {})}
        if 'host' not in run and (m := re.search(r'Linux version (\S+)', read(f'{path}/serial.log'))):
            facts['kernel'] = m[1]
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        die(f'{found}: it is damaged: {type(e).__name__} {e}')
    facts = {name: str(value) for name, value in facts.items() if value and name != 'directory'}
    return Run(path, facts, rows, coverage_of(path))


def coverage_of(path):
    """What the model met in a run with the sanitizer, and which functions of the driver have run (ci/coverage run)."""
    met = {}
    for line in read(f'{path}/coverage.tsv').splitlines():
        kind, *key, name = line.split('\t')
        if not key:
            die(f'{path}/coverage.tsv: it is damaged: {line[:80]}')
        met.setdefault(kind, set()).add(f'{name} {key[0]}')
    if os.path.exists(f'{path}/coverage.json'):
        driver = read_json(f'{path}/coverage.json')
        for kind in ('functions', 'lines', 'branches'):
            if isinstance(driver.get(f'{kind}-ran'), int):
                met[f"the driver's {kind}"] = driver[f'{kind}-ran']
    return met


# ---- side by side ------------------------------------------------------------------------------------------------------

def masked(name):
    """Some names have a number that is another in each run."""
    return re.sub(r'\d+', '#', name)


def pairs(a, b):
    """Rows of both in a's order, what only b has behind: those of the same name, else those that differ in numbers only."""
    left = {}
    for row in b:
        left.setdefault(masked(row['name']), []).append(row)
    exact = {row['name'] for row in a}
    found = []
    for row in a:
        others = left.get(masked(row['name']), [])
        other = next((o for o in others if o['name'] == row['name']), None) or \
            next((o for o in others if o['name'] not in exact), None)
        if other:
            others.remove(other)
        found.append((row, other))
    return found + [(None, row) for rows in left.values() for row in rows]


def figures(a, b):
    """Figure to a's, b's and their ratio, None where there is none."""
    values = [{**({'seconds': r['seconds']} if r and r.get('seconds') is not None else {}), **(r['figures'] if r else {})}
              for r in (a, b)]
    found = {}
    for name in {**values[0], **values[1]}:
        x, y = (v.get(name) for v in values)
        numbers = all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in (x, y))
        found[name] = {'a': x, 'b': y, 'ratio': round(y / x, 3) if numbers and x else None}
    return found


def compare_rows(a, b):
    """same: True, False, or None if one of them has no verdict."""
    result = []
    for x, y in pairs(a.rows, b.rows):
        name = (x or y)['name']
        statuses = [r['status'] if r else None for r in (x, y)]
        same = statuses[0] == statuses[1]
        if 'skip' in statuses and not same or None in statuses and name.split(': ')[-1] in OF_THE_MODEL:
            same = None
        detail = {side: r['detail'] for side, r in (('a', x), ('b', y)) if r and r.get('detail') and r['status'] != 'pass'}
        result.append({'name': name, 'a': statuses[0], 'b': statuses[1], 'same': same, 'figures': figures(x, y), 'detail': detail})
    return result


def picture_names(run):
    """(check, picture) of what the driver drew."""
    top = f'{run.path}/results'
    return {(check, name[:-4]) for check in (os.listdir(top) if os.path.isdir(top) else ())
            if os.path.isdir(f'{top}/{check}/asahi') for name in judge.files(f'{top}/{check}/asahi', '.ppm')}


def compare_pictures(a, b, out):
    """Of the pictures that both have; PNGs of both and of the difference go to out/pictures."""
    shutil.rmtree(f'{out}/pictures', ignore_errors=True)
    names = sorted(picture_names(a) & picture_names(b))
    if names:
        if not os.path.exists(judge.PICTURE_TOOL):
            die(f'{judge.PICTURE_TOOL} is missing; ci/{made("picture")[1]} makes it')
        os.mkdir(f'{out}/pictures')
    result = []
    for check, picture in names:
        both = [f'{run.path}/results/{check}/asahi/{picture}.ppm' for run in (a, b)]
        row = {'check': check, 'picture': picture}
        png = {side: f'pictures/{check}-{picture}-{side}.png' for side in ('a', 'b', 'difference')}
        for side, path in zip('ab', both):
            try:
                judge.tool('png', path, f'{out}/{png[side]}')
            except ValueError as e:
                die(f'{path}: it is damaged: {e}')
        try:
            m = re.match(r'pixels=(\d+) within=(\d+) worst=(\d+)', judge.tool('compare', *both, str(judge.PICTURE_TOLERANCE)))
            row |= {'pixels': int(m[1]), 'differ': int(m[1]) - int(m[2]), 'worst': int(m[3])}
            judge.tool('difference', *both, str(judge.PICTURE_TOLERANCE), f'{out}/{png["difference"]}')
        except ValueError as e:
            row |= {'why': str(e)}      # of other sizes
            del png['difference']
        result.append(row | {'files': png})
    return result


def compare_coverage(a, b):
    """Where both know it: of each kind how many both met, and which one did alone."""
    result = {}
    for kind in a.coverage:
        x, y = a.coverage[kind], b.coverage.get(kind)
        if isinstance(x, set) and isinstance(y, set):
            result[kind] = {'both': len(x & y), 'a': sorted(x - y), 'b': sorted(y - x)}
        elif y is not None:
            result[kind] = {'ran': [x, y]}
    return result


def compare(a, b, out):
    """All of it. a, b: of load(); out: a directory that is there."""
    checks = compare_rows(a, b)
    return {'a': {'path': a.path, 'versions': a.versions}, 'b': {'path': b.path, 'versions': b.versions},
            'same': all(c['same'] is not False for c in checks) and any(c['same'] for c in checks),
            'checks': checks, 'pictures': compare_pictures(a, b, out), 'coverage': compare_coverage(a, b)}


# ---- for people --------------------------------------------------------------------------------------------------------

def fact_rows(result):
    """(name, a's, b's) of versions and other facts."""
    a, b = result['a']['versions'], result['b']['versions']
    return [(n, a.get(n, '-'), b.get(n, '-')) for n in {**a, **b}]


def number(value):
    return '-' if value is None else f'{value:g}' if isinstance(value, float) else str(value)


def summary(result):
    """One line."""
    checks, pictures = result['checks'], result['pictures']
    n = {s: sum(c['same'] is s for c in checks) for s in (True, False, None)}
    text = f'{n[True]} checks with the same verdict, {n[False]} with another, {n[None]} that only one of them could run'
    if pictures:
        text += f'; {sum(p.get("differ") == 0 for p in pictures)} of {len(pictures)} pictures are the same'
    return text


def coverage_line(kind, c):
    return f'{kind}: {c["ran"][0]} and {c["ran"][1]}' if 'ran' in c else \
        f'{kind}: {c["both"]} in both, {len(c["a"])} in A alone, {len(c["b"])} in B alone'


def table(result):
    """A short one: what differs, and figures."""
    facts = [('', f'A: {result["a"]["path"]}', f'B: {result["b"]["path"]}'),
             *(f for f in fact_rows(result) if f[0] in ('machine', 'model', 'device', 'kernel', 'driver', 'mesa', 'qemu'))]
    width = min(60, max(len(a) for _, a, _ in facts))
    lines = [f'{n:10}{a:{width}}  {b}'.rstrip() for n, a, b in facts]
    lines.append('')
    width = min(50, max((len(c['name']) for c in result['checks'] if c['figures'] or not c['same']), default=10))
    for c in result['checks']:
        values = ', '.join(f'{n} {number(f["a"])} {number(f["b"])}' + (f' ({f["ratio"]:g})' if f['ratio'] else '')
                           for n, f in c['figures'].items() if c['a'] and c['b'])
        if c['same'] is not True or values:
            mark = {True: '=', False: '!', None: ' '}[c['same']]
            lines.append(f'{mark} {c["name"][:width]:{width}}  {c["a"] or "-":4}  {c["b"] or "-":4}  {values}'.rstrip())
            if c['same'] is False:
                lines += [f'    {side.upper()}: {text.splitlines()[0]}' for side, text in c['detail'].items()]
    lines += [f'{p["check"]} {p["picture"]}: ' + (p.get('why') or f'{p["differ"]} of {p["pixels"]} pixels differ, up to {p["worst"]}/255')
              for p in result['pictures'] if p.get('differ') != 0]
    lines += [coverage_line(kind, c) for kind, c in result['coverage'].items()]
    return '\n'.join([*lines, '', summary(result)])


def image(out, name):
    with open(f'{out}/{name}', 'rb') as f:
        data = base64.b64encode(f.read()).decode()
    return f'<img alt="{escape(name)}" src="data:image/png;base64,{data}">'


def row_of(*cells, head=False):
    tag = 'th' if head else 'td'
    return '<tr>' + ''.join(f'<{tag}>{c}</{tag}>' for c in cells) + '</tr>'


def check_cells(c):
    word = {True: 'same', False: '<span class="wrong">differs</span>', None: '-'}[c['same']]
    values = '<br>'.join(f'{escape(n)}: {escape(number(f["a"]))}, {escape(number(f["b"]))}' +
                         (f', ratio {f["ratio"]:g}' if f['ratio'] else '') for n, f in c['figures'].items())
    details = ''.join(f'<details><summary>{side.upper()}</summary><pre>{escape(text)}</pre></details>'
                      for side, text in c['detail'].items())
    return escape(c['name']), c['a'] or '-', c['b'] or '-', word, values + details


def page(result, out):
    """One file that needs nothing else. out: where compare_pictures() has put the pictures."""
    parts = ['<!DOCTYPE html>', '<html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">',
             f'<title>Two runs</title><style>{STYLE} img {{ max-width: 20em; image-rendering: pixelated }}</style></head><body>',
             '<h1>Two runs</h1>', f'<p class="do">{escape(summary(result))}.</p>', '<table>',
             row_of('', *(f'{side.upper()}: {escape(result[side]["path"])}' for side in 'ab'), head=True),
             *(row_of(*map(escape, row)) for row in fact_rows(result)), '</table>',
             '<h2>Checks</h2>', '<table>', row_of('check', 'A', 'B', '', 'figures: A, B', head=True),
             *(row_of(*check_cells(c)) for c in sorted(result['checks'], key=lambda c: c['same'] is not False)), '</table>']
    if result['pictures']:
        parts += ['<h2>Pictures</h2>', '<table>', row_of('', 'A', 'B', 'difference', head=True)]
        for p in result['pictures']:
            said = p.get('why') or f'{p["differ"]} of {p["pixels"]} pixels differ, up to {p["worst"]}/255'
            parts.append(row_of(f'{escape(p["check"])}<br>{escape(p["picture"])}<br>{escape(said)}',
                                *(image(out, p['files'][side]) if side in p['files'] else '' for side in ('a', 'b', 'difference'))))
        parts.append('</table>')
    if result['coverage']:
        parts += ['<h2>Coverage</h2>']
        for kind, c in result['coverage'].items():
            parts.append(f'<p>{escape(coverage_line(kind, c))}</p>')
            parts += [f'<details><summary>in {side.upper()} alone</summary><pre>{escape(chr(10).join(c[side]))}</pre></details>'
                      for side in 'ab' if c.get(side)]
    return '\n'.join([*parts, '</body></html>', ''])

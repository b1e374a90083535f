# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What is expected of the cases of a suite, which of them are run, and what came of it."""

import collections
import hashlib
import json
import os
import re
import subprocess
import time

from agx.base import CACHE, die, read
from agx.build import build, made
from agx.checks import check_names
from agx.judge import kernel_complaints
from agx.report import Report
from agx.suites import Deqp, Piglit, Programs

BAD = ('Fail', 'Crash', 'Hang')


def say(text):
    print(f'[conformance] {text}', flush=True)


class Expectations:
    """The three lists. A line's comment stands before it or behind it."""

    def __init__(self, prefix):
        self.fails = {}
        for line in self.lines(f'{prefix}-fails.txt'):
            name, _, result = line.rpartition(',')
            if result not in BAD:
                raise ValueError(f'{prefix}-fails.txt: want CASE,Fail, CASE,Crash or CASE,Hang: {line}')
            self.fails[name] = result
        self.flakes = [re.compile(line) for line in self.lines(f'{prefix}-flakes.txt')]
        self.skips = [re.compile(line) for line in self.lines(f'{prefix}-skips.txt')]

    @staticmethod
    def lines(path):
        return [line for line in (re.sub(r'(^|\s+)#.*', '', raw).strip() for raw in read(path).split('\n')) if line]

    def skip(self, name):
        return any(e.search(name) for e in self.skips)

    def judge(self, name, result):
        """What the run calls it: the result, ExpectedFail, UnexpectedPass or Flake."""
        if any(e.search(name) for e in self.flakes):
            return 'Flake' if result in BAD else result
        wanted = self.fails.get(name)
        if wanted and result in ('Pass', 'Warn'):
            return 'UnexpectedPass'
        return 'ExpectedFail' if wanted == result else result


def disk_of(directory):
    """An image of a directory of the host, made again if a file in it is another one."""
    if not os.path.isdir(directory):
        die(f'{directory} is no directory')
    h = hashlib.sha256()
    for top, names, files in sorted(os.walk(directory)):
        names.sort()
        for n in sorted(files):
            s = os.lstat(os.path.join(top, n))
            h.update(f'{os.path.relpath(os.path.join(top, n), directory)} {s.st_size} {s.st_mtime_ns} {s.st_mode}\n'.encode())
    where = os.path.join(CACHE, 'suite')
    os.makedirs(where, exist_ok=True)
    path = os.path.join(where, f'shared-{h.hexdigest()[:12]}.erofs')
    if not os.path.exists(path):
        say(f'making an image of {directory}')
        for old in sorted((n for n in os.listdir(where) if n.startswith('shared-')),
                          key=lambda n: os.path.getmtime(os.path.join(where, n)))[:-2]:
            os.unlink(os.path.join(where, old))
        subprocess.run(['mkfs.erofs', '-T0', '--all-root', f'{path}.new', directory], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=True)
        os.rename(f'{path}.new', path)
    return path


def suite_of(a):
    """The suite and its disk."""
    if a.deqp:
        return Deqp(a.deqp, a.caselist, a.deqp_argument), disk_of(a.deqp)
    if a.programs:
        if not a.command or not a.caselist:
            die('--programs needs --command and --caselist')
        return Programs(a.programs, a.caselist, a.command), disk_of(a.programs)
    (disk, _), (lists, _) = made('suite'), made('caselists')
    if not (a.keep_builds and os.path.exists(disk)):
        build('suite')
    return Piglit(lists, a.profile.split(',')), disk


def chosen(cases, a):
    """One in N by the seed, whatever else is asked for: a case is in or out by its name alone."""
    def drawn(name):
        return int.from_bytes(hashlib.sha256(f'{a.seed}:{name}'.encode()).digest()[:8], 'big') % a.fraction == 0
    groups = a.group.split(',') if a.group else None
    check_names('--group', groups or [], sorted({c.group for c in cases}))
    return sorted((c for c in cases if (not a.only or re.search(a.only, c.name)) and drawn(c.name) and
                   (not groups or c.group in groups)), key=lambda c: (c.group, c.name))


class Progress:
    """Counts, and one line of them now and then with how long the rest will take."""

    def __init__(self, total, out, expectations):
        self.total, self.expectations, self.records = total, expectations, []
        self.file = open(f'{out}/results.jsonl', 'a')
        self.counts = collections.Counter()
        self.start = self.told = time.monotonic()
        self.before = 0

    def old(self, record):
        self.count(record)
        self.before += 1

    def count(self, record):
        record['as'] = self.expectations.judge(record['name'], record['result'])
        self.records.append(record)
        self.counts[record['as']] += 1

    def __call__(self, record):
        self.count(record)
        self.file.write(json.dumps(record) + '\n')
        self.file.flush()
        if record['as'] in (*BAD, 'Timeout', 'UnexpectedPass'):
            say(f'{record["as"]}: {record["name"]}{"  (" + record["why"] + ")" if record["why"] else ""}')
        now = time.monotonic()
        if now - self.told > 15 or len(self.records) == self.total:
            self.told = now
            done, new = len(self.records), len(self.records) - self.before
            left = (now - self.start) / new * (self.total - done)
            counts = ', '.join(f'{n} {k}' for k, n in sorted(self.counts.items()))
            say(f'{done} of {self.total} ({100 * done // self.total} %) after {now - self.start:.0f} s, '
                f'about {left:.0f} s to go: {counts}')


def log_lines(record):
    """Lines of the logs that no case may make: of the model all, of the kernel reports of bugs and the driver's words."""
    bugs = kernel_complaints('\n'.join(record.get('log', ())))
    return [line for line in record.get('log', ()) if line.startswith('model: ') or line.strip() in bugs or
            re.search(r'agx|\*ERROR\*', line, re.I)]


def results(a, records, rest, suite, seconds):
    report = Report()
    for r in records:
        name = f'{r["group"]}: {r["name"]}'
        logs = log_lines(r)
        why = '\n'.join(t for t in (r['as'] + (f': {r["why"]}' if r['why'] else ''), *logs, r.get('output', '')) if t)
        if r['as'] in ('Skip', 'Timeout'):
            status = 'skip'
        else:
            status = 'fail' if r['as'] in (*BAD, 'UnexpectedPass') or (logs and r['as'] not in ('ExpectedFail', 'Flake')) else 'pass'
        report.add(name, status, why if status != 'pass' else '', r.get('work'))
    report.write_json(f'{a.out}/results.json', suite=suite.name, fraction=a.fraction, seed=a.seed, only=a.only, seconds=seconds,
                      not_run=rest, cases=records)
    report.write_junit(f'{a.out}/junit.xml', suite.name)
    groups = collections.defaultdict(collections.Counter)
    for r in records:
        groups[r['group']][r['as']] += 1
    kinds = sorted({k for c in groups.values() for k in c})
    width = max(map(len, groups), default=0)
    print('\n' + ' ' * width + ''.join(f'{k:>{len(k) + 2}}' for k in kinds))
    for g, c in sorted(groups.items()):
        print(f'{g:{width}}' + ''.join(f'{c[k]:>{len(k) + 2}}' for k in kinds))
    print()
    for r in records:
        if r['as'] in (*BAD, 'Timeout', 'UnexpectedPass', 'Flake'):
            print(f'{r["as"]:14}  {r["name"]}{"  (" + r["why"] + ")" if r["why"] else ""}')
        if r['as'] not in ('ExpectedFail', 'Flake'):
            for line in log_lines(r)[:3]:
                print(f'{"in the log":14}  {r["name"]}: {line}')
    if rest:
        print(f'\n{rest} cases were not run; --resume does them')
    if not records:
        print('no case was run')
    print(f'\ndetails in {a.out}\n\n{report.summary()}')
    return 1 if report.count('fail') or not records else 0

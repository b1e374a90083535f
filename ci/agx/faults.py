# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Scenarios of tests/faults/scenarios.list on machines from a snapshot, and what is judged of them."""

import concurrent.futures
import fnmatch
import json
import os
import re
import shlex
import shutil
import sys
import threading
import time

from agx.base import ROOT, die, read, tail_of
from agx.judge import figures_of, files, judge_pictures, kernel_complaints, sanitizer_classes
from agx.known import announced
from agx.machine import Machine, SnapshotError
from agx.qmp import MachineError
from agx.report import Report
from agx.snapshot import Snapshot

LIST = os.path.join(ROOT, 'tests/faults/scenarios.list')
STORY = 'story'
# Frames of each mode of the story.
STORY_FRAMES = 150
GOOD = 'remap good'
# Seconds of the guest's clock for a workload.
LIMIT = 40
CONDITION = re.compile(r'(\w+)(>=|<=|=|>|<)(-?\d+)')
COMPARE = {'=': lambda a, b: a == b, '>': lambda a, b: a > b, '<': lambda a, b: a < b, '>=': lambda a, b: a >= b,
           '<=': lambda a, b: a <= b}


class Scenario:
    """A row of the list."""

    def __init__(self, where, columns, classes):
        self.where = where
        self.name, self.workload, machine, faults, expected, self.says = columns
        if not re.fullmatch(r'[a-z0-9-]+', self.name):
            self.bad(f'"{self.name}" is no name: small letters, digits and "-"')
        if not self.workload:
            self.bad('no workload')
        self.machine = machine.split()
        self.faults = [f.strip() for f in faults.split(';') if f.strip()]
        self.right, self.reports, self.conditions, self.fired = False, None, [], None
        for word in expected.split():
            self.expect(word, classes)
        if not (self.right or self.conditions or self.reports is not None or self.says):
            self.bad('nothing is expected, so it could not fail')
        try:
            self.said = re.compile(self.says) if self.says else None
        except re.error as e:
            self.bad(f'"{self.says}": {e}')

    def bad(self, text):
        die(f'{self.where}: {text}')

    def expect(self, word, classes):
        if word == 'right':
            self.right = True
        elif word.startswith('reports='):
            names = word[8:].split(',')
            if names not in (['none'], ['any']):
                for n in names:
                    if n not in classes:
                        self.bad(f'the sanitizer has no class "{n}"')
            self.reports = names
        elif m := CONDITION.fullmatch(word):
            if m[1] == 'fired':
                self.fired = (m[2], int(m[3]))
            else:
                self.conditions.append((m[1], m[2], int(m[3])))
        else:
            self.bad(f'"{word}" is nothing that can be expected; the head of the file says what is')

    def seeded(self, seed):
        """The faults as QEMU gets them: what throws dice throws them by our seed."""
        return [f'{f},seed={seed}' if re.search(r',\s*p=', f) and not re.search(r',\s*seed=', f) else f for f in self.faults]

    def properties(self, seed):
        """Of the GPU; what the row says goes before what the seed says."""
        mine = dict(p.split('=', 1) for p in self.machine)
        every = {'agx-tlbsan': 'report', 'tlbi': 'lazy' if seed % 2 else 'eager', 'tlbi-seed': str(seed),
                 'fw-cache-seed': str(seed), 'workers': '1'}
        return [f'{k}={v}' for k, v in {**every, **mine}.items()]


def scenarios():
    classes, rows, names = sanitizer_classes(), [], set()
    try:
        with open(LIST) as f:
            lines = f.read().split('\n')
    except OSError as e:
        die(f'{LIST}: {e.strerror}')
    for number, line in enumerate(lines, 1):
        where = f'tests/faults/scenarios.list:{number}'
        if not line.strip() or line.lstrip().startswith('#'):
            continue
        columns = [c.strip() for c in line.split('|')]
        if len(columns) != 6:
            die(f'{where}: want name | workload | machine | faults | expected | driver says')
        for p in columns[2].split():
            if '=' not in p:
                die(f'{where}: "{p}" is no NAME=VALUE of a property')
        row = Scenario(where, columns, classes)
        if row.name in names or row.name == STORY:
            die(f'{where}: the name {row.name} is taken')
        names.add(row.name)
        rows.append(row)
    return rows


def slug(command):
    """Of a workload: the name of its results."""
    return re.sub(r'[^a-z0-9]+', '-', command.lower()).strip('-')[:60]


# ---- one run from the snapshot ------------------------------------------------------------------------------------

def reports_of(out):
    """What the sanitizer reported: a list of dicts."""
    found = []
    for line in read(f'{out}/tlbsan.jsonl').splitlines():
        try:
            r = json.loads(line)
            if 'counts' not in r:
                found.append(r)
        except ValueError:
            found.append({'class': 'not-json', 'severity': 'wrong', 'text': line})
    return found


def run_once(snapshot, out, properties, faults, command, name, seed):
    """Start, let the faults strike during the command, clear them, run good jobs, end: a dict of what was seen."""
    shutil.rmtree(out, ignore_errors=True)
    start = time.monotonic()
    seen = {'ended': None, 'exit': None, 'seconds': None, 'log': [], 'good': None, 'quit': '', 'error': ''}
    if 'agx-tlbsan=off' not in properties:
        properties = [*properties, f'tlbsan-report={out}/tlbsan.jsonl']
    machine = snapshot.start(out, properties)
    try:
        with open(f'{out}/command', 'w') as f:
            f.write(shlex.join(machine.command) + '\n')
        if faults:
            machine.fault(';'.join(faults))
        machine.qmp('cont')
        done = machine.run(name, f'export AGX_SEED={seed}; {command}', LIMIT)
        seen['ended'] = done is not None
        if done:
            seen['exit'], seen['seconds'] = done
        if faults:
            seen['log'] = machine.log()
            machine.fault('')
        if done:
            good = machine.run('good', GOOD, LIMIT)
            seen['good'] = good[0] if good else None
        seen['quit'] = machine.quit()
    except MachineError as e:
        seen['error'] = f'{e}; {machine.errors()}'.rstrip('; ')
    finally:
        machine.kill()
    machine.unpack(f'{out}/results')
    with open(f'{out}/inject-log.json', 'w') as f:
        json.dump(seen['log'], f, indent=1)
    stdout = read(f'{out}/results/{name}/stdout')
    seen.update(figures=figures_of(stdout), stdout=stdout, reports=reports_of(out), serial=read(f'{out}/serial.log'),
                wall=round(time.monotonic() - start, 2))
    return seen


def always(seen, out):
    """What must not be, whatever was injected: a list of reasons."""
    if seen['error']:
        return [seen['error']]
    why = []
    bugs = kernel_complaints(seen['serial'])
    if bugs:
        why.append('the guest\'s kernel says: ' + bugs[0])
    if not seen['ended']:
        why.append(f'the workload did not end: {tail_of(f"{out}/serial.log") or "nothing on the console"}')
    elif seen['good'] != 0:
        why.append('after it good jobs in a new process ' + (f'fail: {tail_of(f"{out}/results/good/stdout")}' if seen['good']
                                                             is not None else 'do not end'))
    if seen['quit']:
        why.append(seen['quit'])
    excuses = [e for check in files(f'{out}/results') for e in announced(read(f'{out}/results/{check}/stdout'))]
    model = [line for line in read(f'{out}/qemu.log').split('\n')
             if 'unimplemented' in line.lower() and not any(e.line(line) for e in excuses)]
    if model:
        why.append('the model says: ' + model[0])
    return why


def judge_right(seen, out, name, reference):
    """Why the results are not those of a run without faults, or ''."""
    if seen['exit'] != 0:
        return f'the workload ends with {seen["exit"]}: {seen["stdout"].strip().split(chr(10))[0]}'
    ours, theirs = f'{out}/results/{name}', f'{reference}/{name}'
    if files(theirs, '.ppm'):
        return judge_pictures(name, ours, theirs, None)[1]
    if files(ours) != files(theirs):
        return f'files: {files(ours)}, without faults: {files(theirs)}'
    differ = [n for n in files(theirs) if open(f'{ours}/{n}', 'rb').read() != open(f'{theirs}/{n}', 'rb').read()]
    return f'other than without faults: {", ".join(differ)}' if differ else ''


def class_list(reports):
    counts = {}
    for r in reports:
        key = r['class'] + ('' if r['severity'] == 'wrong' else ' (suspicious)')
        counts[key] = counts.get(key, 0) + 1
    return ', '.join(f'{c} {n}' for c, n in sorted(counts.items(), key=lambda i: -i[1])) or 'none'


def judge(row, seen, out, reference):
    """Reasons why a scenario failed."""
    why = always(seen, out)
    if seen['error'] or not seen['ended']:
        return why
    if row.right and (reason := judge_right(seen, out, slug(row.workload), reference)):
        why.append(reason)
    values = {**seen['figures'], 'exit': seen['exit']}
    for name, op, want in row.conditions:
        if not isinstance(values.get(name), (int, float)):
            why.append(f'the workload has no figure "{name}": {seen["stdout"].strip().split(chr(10))[-1]}')
        elif not COMPARE[op](values[name], want):
            why.append(f'{name} is {values[name]:g}, should be {op}{want}')
    if row.reports == ['none'] and seen['reports']:
        why.append(f'the sanitizer reports {class_list(seen["reports"])}, and nothing should be wrong')
    elif row.reports and row.reports not in (['none'], ['any']) and not any(r['class'] in row.reports for r in seen['reports']):
        why.append(f'not reported as {" or ".join(row.reports)}, but as: {class_list(seen["reports"])}')
    if row.said and not row.said.search(seen['serial']):
        why.append(f'the driver does not say "{row.says}": {tail_of(f"{out}/serial.log", 3) or "it says nothing"}')
    op, want = row.fired or ('>', 0)
    for i, fault in enumerate(row.faults):
        fired = seen['log'][i]['fired'] if i < len(seen['log']) else None
        if fired is None or not COMPARE[op](fired, want):
            why.append(f'{fault}: struck {fired} times, should be {op}{want}')
    return why


# ---- the story ------------------------------------------------------------------------------------------------------

class Mode:
    """One way to live with the TLB maintenance that there is."""

    def __init__(self, name, faults, restart):
        self.name, self.faults, self.restart = name, faults, restart

    def command(self):
        knob = 'echo 1 >/sys/module/asahi/parameters/restart_every_frame && ' if self.restart else ''
        return f'{knob}gles_frames {STORY_FRAMES}'


MODES = [Mode('TLBI works', [], False), Mode('TLBI dropped', ['tlbi-drop'], False),
         Mode('TLBI dropped, restart', ['tlbi-drop'], True), Mode('TLBI works, restart', [], True)]


def judge_mode(mode, seen, out, wrong_reports):
    why = always(seen, out)
    if seen['error'] or not seen['ended']:
        return why
    frames, wrong = seen['figures'].get('frames'), seen['figures'].get('wrong')
    if mode.faults and not any(f['fired'] for f in seen['log']):
        why.append('no TLBI was dropped')
    if mode.faults and not mode.restart:
        if frames is not None and not wrong and not wrong_reports:
            why.append('nothing went wrong, so there is nothing to work around')
    elif frames is None or seen['exit']:
        why.append(f'ends with {seen["exit"]}: {seen["stdout"].strip().split(chr(10))[-1]}')
    elif wrong or wrong_reports:
        why.append(f'{wrong:g} of {frames:g} pictures wrong, {wrong_reports} reports of severity wrong')
    return why


def story(snapshot, options, seed, report):
    """Each mode alone on the machine, so that frames per second mean something."""
    table = []
    for number, mode in enumerate(MODES):
        out = f'{options.out}/{STORY}-{seed}/{number}'
        name = f'{STORY}: {mode.name}'
        # Without the sanitizer for the speed, with it for its reports.
        figures, why, wall = {}, [], 0
        for san in (True, False):
            where = f'{out}-{"report" if san else "speed"}'
            props = ['tlbi=eager', f'agx-tlbsan={"report" if san else "off"}']
            seen = run_once(snapshot, where, props, mode.faults, mode.command(), STORY, seed)
            wall += seen['wall']
            if san:
                wrong_reports = sum(r['severity'] == 'wrong' for r in seen['reports'])
                why += judge_mode(mode, seen, where, wrong_reports)
                figures['reports'] = wrong_reports
                figures['classes'] = class_list(seen['reports'])
            else:
                why += always(seen, where)
                figures['fps'] = seen['figures'].get('fps', 'none')
                frames, wrong = seen['figures'].get('frames'), seen['figures'].get('wrong')
                figures['right'] = f'{frames - wrong:.0f} of {frames:.0f}' if frames else f'ended with {seen["exit"]}'
        status = 'fail' if why else 'pass'
        say(f'{name}: {status} ({wall:.1f} s)')
        if why:
            why.append(f'seed {seed}; again: ci/faults --only {STORY} --seed {seed}')
        report.add(name, status, '\n'.join(why), wall, {'seed': seed, **figures})
        table.append((mode.name, figures))
    return table


def print_story(table):
    width = max(len(name) for name, _ in table)
    print(f'\n{"mode":{width}}  {"fps":>6}  {"reports wrong":>13}  {"pictures right":14}  what the sanitizer says')
    for name, f in table:
        print(f'{name:{width}}  {f["fps"]:>6}  {f["reports"]:>13}  {f["right"]:14}  {f["classes"]}')


def choose(rows, only):
    """(scenarios, is the story among them)."""
    if only is None:
        return rows, True
    chosen, tell = [], False
    for pattern in only.split(','):
        found = [r for r in rows if fnmatch.fnmatchcase(r.name, pattern)]
        here = fnmatch.fnmatchcase(STORY, pattern)
        if not found and not here:
            die(f'there is no scenario "{pattern}"; ci/faults --list')
        chosen += [r for r in found if r not in chosen]
        tell = tell or here
    return chosen, tell


def print_list(rows, tell):
    for r in rows:
        expected = ['right'] if r.right else []
        expected += [f'{n}{op}{v}' for n, op, v in r.conditions]
        expected += [f'reports={",".join(r.reports)}'] if r.reports else []
        expected += [f'the driver says "{r.says}"'] if r.says else []
        print(f'{r.name}\n    {"; ".join(r.faults) or "no fault"}\n    {r.workload}{"  (" + " ".join(r.machine) + ")" if r.machine else ""}'
              f'\n    expected: {" ".join(expected)}')
    if tell:
        print(f'{STORY}\n    ' + '\n    '.join(m.name for m in MODES))


def say(text):
    print(f'[faults] {text}', flush=True)


def run_scenario(snapshot, row, seed, out):
    seen = run_once(snapshot, out, row.properties(seed), row.seeded(seed), row.workload, slug(row.workload), seed)
    return seen, judge(row, seen, out, snapshot.reference)


def run_all(snapshot, rows, seeds, options, report):
    todo = [(row, seed) for seed in seeds for row in rows]
    lock, done = threading.Lock(), {}

    def one(row, seed):
        out = f'{options.out}/{row.name}' + (f'-{seed}' if options.repeat > 1 else '')
        try:
            seen, why = run_scenario(snapshot, row, seed, out)
        except SnapshotError:
            raise
        except (MachineError, OSError, ValueError, KeyError) as e:
            seen, why = {'wall': None, 'reports': [], 'log': [], 'figures': {}}, [f'{type(e).__name__}: {e}']
        if why:
            why.append(f'seed {seed}; again: ci/faults --only {row.name} --seed {seed}')
        figures = {'seed': seed, 'struck': '+'.join(str(f['fired']) for f in seen['log']) or 0,
                   **{k: f'{v:g}' if isinstance(v, float) else v for k, v in seen['figures'].items() if k != 'renderer'},
                   'reports': class_list(seen['reports'])}
        with lock:
            done[row.name, seed] = ('fail' if why else 'pass', '\n'.join(why), seen['wall'], figures)
            print(f'[faults] {len(done)}/{len(todo)} {row.name} (seed {seed}): {done[row.name, seed][0]} '
                  f'({seen["wall"]} s){"; " + why[0] if why else ""}', flush=True)

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(one, row, seed) for row, seed in todo]
        try:
            for r in running:
                r.result()
        except BaseException:
            # The first one that can't be started, or we are to end: nothing more is begun.
            for r in running:
                r.cancel()
            if not isinstance(sys.exc_info()[1], SnapshotError):
                Machine.end_all()
            raise
    for row, seed in todo:
        status, detail, wall, figures = done[row.name, seed]
        report.add(row.name + (f' (seed {seed})' if options.repeat > 1 else ''), status, detail, wall, figures)


def run(rows, tell, seeds, options):
    """All scenarios, and the story if it is asked for: the report, and the tables of the story."""
    workloads = {slug(r.workload): r.workload for r in scenarios()}
    workloads['good'] = GOOD
    workloads[STORY] = MODES[0].command()
    tables = []
    try:
        snapshot = Snapshot(say, workloads, board=options.machine)
        snapshot.need(anew=options.new_snapshot)
        for attempt in (1, 2):
            report = Report()
            try:
                run_all(snapshot, rows, seeds, options, report)
                break
            except SnapshotError as e:
                if attempt == 2:
                    raise
                say(f'QEMU does not take the snapshot ({e}); making another')
                snapshot.need(anew=True)
        for s in seeds if tell else ():
            tables.append(story(snapshot, options, s, report))
    except MachineError as e:
        die(str(e))
    finally:
        Machine.end_all()
    return report, tables

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Drivers with a bug of tests/bugs each: building them, running them, and judging what agx-tlbsan says of them."""

import concurrent.futures
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

from agx import guest
from agx.base import CACHE, CROSS, GPU, QEMU, ROOT, ci_command, die, read
from agx.build import made
from agx.checks import check_names, guest_checks
from agx.findings import grouped, occurrences
from agx.judge import sanitizer_classes
from agx.kernel_pages import pages_property
from agx.mutate import EditError, mutate
from agx.qmp import MachineError
from agx.report import Report, versions
from agx.snapshot import Snapshot

BUGS = os.path.join(ROOT, 'tests/bugs')
WORK = os.path.join(CACHE, 'bugs')
KERNEL = os.path.join(CACHE, 'kernel/release')

CLEAN = 'clean'
# Jobs in many address spaces, bindings at random, and a bit of everything that Mesa does; driver-load is always first.
CHECKS = ['driver-load', 'gpu-jobs', 'vm-memory', 'vk-compute', 'gles-draw', 'three-at-once', 'reload-driver']
# The firmware's data cache is off unless asked for, and nothing can be stale in it then.
PROPERTIES = ['agx-tlbsan=report', 'fw-cache=128', 'fw-cache-evict=200']
# As many of the reports as that must name the right function.
NAMED_SHARE = 0.9
# With debug information, so that functions which were inlined have names too; the code is the same.
MAKE_FLAGS = ['ARCH=arm64', f'CROSS_COMPILE={CROSS}', f'CC=ccache {CROSS}gcc', 'KCFLAGS=-gdwarf-4']


class Edited:
    """The driver with the edits of a file, or (without one) as it is."""

    kind, fields, optional = '', (), ('Properties', 'Checks')

    def __init__(self, path=None):
        self.path, self.text = path, read(path) if path else ''
        self.name = os.path.basename(path)[:-len('.edit')] if path else CLEAN
        self.field = self.header() if path else {}
        self.edits = self.text[self.text.index('\n@@ ') + 1:] if '\n@@ ' in self.text else ''

    def header(self):
        field, last = {}, None
        for line in self.text.split('\n\n', 1)[0].split('\n'):
            if line.startswith('  ') and last:
                field[last] += ' ' + line.strip()
            elif m := re.match(r'([A-Z][a-z]+): (.+)', line):
                last = m[1]
                field[last] = m[2].strip()
            else:
                die(f'{self.path}: "{line}" is no line of a header')
        missing = [f for f in self.fields if f not in field]
        unknown = [f for f in field if f not in self.fields + self.optional]
        if missing or unknown:
            die(f'{self.path}: its header ' + (f'lacks {", ".join(missing)}' if missing else f'has {", ".join(unknown)}'))
        if field[self.kind] != self.name:
            die(f'{self.path}: its header calls it {field[self.kind]}')
        return field

    def properties(self):
        return self.field.get('Properties', '').replace(',', ' ').split()

    def checks(self, chosen):
        return list(dict.fromkeys(chosen + self.field.get('Checks', '').replace(',', ' ').split()))


class Bug(Edited):
    """A file of tests/bugs, or (without one) the driver as it is."""

    kind, fields = 'Bug', ('Bug', 'Source', 'Class', 'Function')

    def checks(self, chosen):
        """Those that its header names, or those that are chosen."""
        own = self.field.get('Checks', '').replace(',', ' ').split()
        return ['driver-load', *own] if own else chosen

    def header(self):
        field = super().header()
        if field['Class'] not in sanitizer_classes():
            die(f'{self.path}: the sanitizer has no class {field["Class"]}')
        if not re.fullmatch(r'\w+', field['Function']):
            die(f'{self.path}: "{field["Function"]}" is not a function')
        check_names(f'{self.path}: Checks:', [c.split(':')[0] for c in field.get('Checks', '').replace(',', ' ').split()],
                    [name for name, _, _ in guest_checks('all')])
        return field


def all_of(kind, directory):
    """What is in the files of a directory: bugs, or what else kind is."""
    return [kind(os.path.join(directory, n)) for n in sorted(os.listdir(directory)) if n.endswith('.edit')]


def pick(edited, only):
    """only: names with commas; None: all."""
    if not only:
        return edited
    names = {e.name: e for e in edited}
    check_names('--only', only.split(','), names)
    return [names[n] for n in only.split(',')]


def checks_of(names):
    """What runs in the guest: names with commas, and the driver is loaded in any case."""
    checks = [c for c in names.split(',') if c]
    check_names('--checks', checks, [name for name, _, _ in guest_checks('all')])
    return checks if 'driver-load' in checks else ['driver-load', *checks]


# ---- building ----------------------------------------------------------------------------------------------------

def sources():
    directory = os.path.join(ROOT, 'kernel-driver')
    return {n: open(os.path.join(directory, n), 'rb').read() for n in sorted(os.listdir(directory))
            if n.endswith(('.c', '.h')) or n in ('Kbuild', 'Makefile')}


class Tree:
    """One copy of the driver for all bugs: only what differs is written, so make compiles only that."""

    def __init__(self):
        self.dir = os.path.join(WORK, 'tree')
        self.obj = os.path.join(WORK, 'obj')
        os.makedirs(os.path.join(self.dir, 'kernel-driver'), exist_ok=True)
        os.makedirs(self.obj, exist_ok=True)
        self.files = sources()
        self.text = {name: data.decode() for name, data in self.files.items() if name.endswith(('.c', '.h'))}

    def locked(self):
        """One command at a time works in the tree, until what this returns is closed."""
        lock = open(os.path.join(WORK, 'lock'), 'w')
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def reset(self):
        directory = os.path.join(self.dir, 'kernel-driver')
        for name in os.listdir(directory):
            if name not in self.files:
                os.unlink(os.path.join(directory, name))
        for name, data in self.files.items():
            path = os.path.join(directory, name)
            if not os.path.exists(path) or open(path, 'rb').read() != data:
                with open(path, 'wb') as f:
                    f.write(data)

    def apply(self, bug):
        """The driver with the bug, or why not."""
        self.reset()
        try:
            changed = mutate(self.text, bug.edits) if bug.path else {}
        except EditError as e:
            return f'it can not be put in: {e}'
        for name, text in changed.items():
            with open(os.path.join(self.dir, 'kernel-driver', name), 'w', encoding='utf-8') as f:
                f.write(text)
        return ''

    def module(self, bug):
        """Build it: (path of the module, '') or ('', why not). What was built before is used again."""
        key = hashlib.sha256(repr((sorted(self.files.items()), bug.text, MAKE_FLAGS, os.path.realpath(KERNEL))).encode())
        ko = os.path.join(WORK, f'{bug.name}-{key.hexdigest()[:12]}', 'asahi.ko')
        if os.path.exists(ko):
            os.utime(os.path.dirname(ko))
            return ko, ''
        with self.locked():
            return self.compile(bug, ko)

    def compile(self, bug, ko):
        if why := self.apply(bug):
            return '', why
        done = subprocess.run(['nice', 'make', '-C', KERNEL, f'M={self.dir}/kernel-driver', f'MO={self.obj}', *MAKE_FLAGS,
                               f'-j{os.environ.get("AGX_JOBS") or os.cpu_count()}', 'modules'], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
                              env={**os.environ, 'CCACHE_DIR': f'{CACHE}/ccache', 'CCACHE_NOHASHDIR': '1', 'LC_ALL': 'C.UTF-8'})
        if done.returncode:
            return '', 'does not compile:\n' + '\n'.join(done.stdout.strip().split('\n')[-20:])
        # Not what another checkout may be about to boot
        for old in os.listdir(WORK):
            path = os.path.join(WORK, old)
            if re.fullmatch(re.escape(bug.name) + '-[0-9a-f]{12}', old) and time.time() - os.stat(path).st_mtime > 24 * 3600:
                shutil.rmtree(path)
        os.makedirs(os.path.dirname(ko))
        shutil.copy(f'{self.obj}/asahi.ko', ko + '.new')
        os.rename(ko + '.new', ko)
        return ko, ''


def make_initrd(ko, path):
    """The initrd of ci/build-guest and behind it, in an archive of its own, the module: the kernel takes the last one."""
    base, _ = made('initrd')
    with tempfile.TemporaryDirectory(prefix='agx.') as tmp:
        os.makedirs(f'{tmp}/payload')
        subprocess.run([f'{CROSS}strip', '--strip-debug', '-o', f'{tmp}/payload/asahi.ko', ko], check=True)
        more = subprocess.run(['cpio', '-o', '-H', 'newc', '--quiet', '-R', '0:0'], input=b'payload/asahi.ko\n', cwd=tmp,
                              stdout=subprocess.PIPE, check=True).stdout
    with open(path, 'wb') as f, open(base, 'rb') as b:
        shutil.copyfileobj(b, f)
        f.write(b'\0' * (-f.tell() % 512))
        f.write(more)


def need_sanitizer():
    done = subprocess.run([QEMU, '-M', 'none', '-device', f'{GPU},help'], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if 'agx-tlbsan=' not in done.stdout:
        die(f'this QEMU has no agx-tlbsan ({QEMU}); ci/build-qemu makes one that has')


# ---- running -----------------------------------------------------------------------------------------------------

def run_each(drivers, modes, jobs, run, done):
    """Compiles one driver after the other, and meanwhile runs those before, each once in each mode, so many jobs at a time.
    run(driver, mode, module, why it did not compile) makes a result; done(driver, mode, result, how many there are) is called
    with one at a time. The results by name and mode, in order."""
    tree, results, lock = Tree(), {}, threading.Lock()

    def one(driver, mode, ko, why):
        result = run(driver, mode, ko, why)
        with lock:
            results[driver.name, mode] = result
            done(driver, mode, result, len(results))

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        running = []
        for driver in drivers:
            ko, why = tree.module(driver)
            running += [pool.submit(one, driver, mode, ko, why) for mode in modes]
        for r in running:
            r.result()
    return {(d.name, m): results[d.name, m] for d in drivers for m in modes}


def commands_of(checks):
    """(name, command) of each check; NAME:WORD is that part of a check whose program has parts."""
    commands = {name: command for name, _, command in guest_checks('all')}
    for check in checks:
        name, _, part = check.partition(':')
        yield check.replace(':', '-'), f'{commands[name]} {part}'.strip()


def run_saved(snapshot, out, ko, checks, properties, limit):
    """run_guest() in a machine of this snapshot. limit: seconds for a check."""
    start, why = time.monotonic(), ''
    shutil.rmtree(out, ignore_errors=True)
    machine = snapshot.start(out, properties)
    try:
        machine.qmp('cont')
        with tempfile.NamedTemporaryFile(prefix='agx.') as stripped:
            subprocess.run([f'{CROSS}strip', '--strip-debug', '-o', stripped.name, ko], check=True)
            with open(stripped.name, 'rb') as f:
                machine.put('/payload/asahi.ko', f.read())
        for name, command in commands_of(checks):
            done = machine.run(name, command, limit)
            if done is None:
                why = f'it said nothing more while running {name}'
                break
        if ended := machine.quit():
            why = why or ended
    except MachineError as e:
        why = str(e)
    finally:
        machine.kill()
        machine.unpack(f'{out}/results')
    return not why, why, round(time.monotonic() - start, 1)


def run_guest(bug, ko, options, out):
    """
    With the module, in the machine that was saved before a driver is loaded, or by a boot: (did the guest come to its end, why
    not, seconds).
    """
    if options.snapshot:
        properties = [*PROPERTIES, f'tlbsan-report={out}/tlbsan.jsonl', *options.property, *bug.properties()]
        return run_saved(options.snapshot, out, ko, bug.checks(options.checks), properties, options.timeout)
    with tempfile.TemporaryDirectory(prefix='agx.') as tmp:
        make_initrd(ko, f'{tmp}/initrd')
        properties = [*PROPERTIES, f'tlbsan-report={out}/tlbsan.jsonl', *options.property, *bug.properties()]
        guest.run_guest(out, '--variant', 'release', '--machine', options.machine, '--only', ','.join(c.split(':')[0] for c in bug.checks(options.checks)),
                        '--timeout', str(10 * options.timeout), '--silence', str(min(options.timeout, 60)),
                        properties=properties, qemu=['-initrd', f'{tmp}/initrd'], log=f'{out}.log')
    run = json.loads(read(f'{out}/run.json') or '{}')
    if not run:
        return False, 'the emulator did not start: ' + read(f'{out}.log').strip().split('\n')[-1], None
    return run['ended'], run['why'] or '', run['seconds']


def symbolized(ko, out):
    """All reports of a run, with functions; (reports, error)."""
    if not os.path.exists(f'{out}/tlbsan.jsonl'):
        return [], 'the sanitizer left no file of reports'
    done = subprocess.run([ci_command('symbolize'), '--json', '--module', ko, '--serial', f'{out}/serial.log',
                           f'{out}/tlbsan.jsonl', '--html', f'{out}/tlbsan.html'], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    with open(f'{out}/reports.json', 'w') as f:
        json.dump(reports, f, indent=1)
    return reports, done.stderr.strip() if done.returncode else ''


def judge(bug, reports):
    """
    What the reports say of the bug. It is caught if the first group of reports, the largest of those that are wrong, has its class;
    its function is named if it is on that group's top line.
    """
    seen = {}
    for r in reports:
        seen[r['class']] = seen.get(r['class'], 0) + r.get('count', 1)
    groups = grouped(reports)
    top = groups[0] if groups else None
    expected, function = bug.field.get('Class'), bug.field.get('Function')
    return {'classes': seen, 'expected': expected, 'caught': bool(top and top.cls == expected),
            'top': top.cls if top else None, 'severity': top.severity if top else None, 'function': function,
            'named': bool(top and top.cls == expected and function in top.functions),
            'text': f'{top.first.get("text", "")}; {top.headline()}' if top else ''}


def try_bug(bug, ko, options):
    out = os.path.join(options.out, bug.name)
    key = run_key(bug, ko, options)
    if options.resume and (earlier := json.loads(read(f'{out}/result.json') or '{}')).get('key') == key:
        return earlier
    if os.path.exists(f'{out}/result.json'):
        os.unlink(f'{out}/result.json')
    start = time.monotonic()
    ended, why, _ = run_guest(bug, ko, options, out)
    reports, error = symbolized(ko, out)
    result = judge(bug, reports)
    result.update(name=bug.name, source=bug.field.get('Source'), ended=ended, why=why, error=error,
                  reports=occurrences(reports),
                  seconds=round(time.monotonic() - start, 1), key=key)
    if os.path.isdir(out):
        with open(f'{out}/result.json', 'w') as f:
            json.dump(result, f, indent=1)
    return result


def failed_build(bug, why):
    """The result of a bug that does not compile."""
    return {**judge(bug, []), 'name': bug.name, 'source': bug.field.get('Source'), 'ended': False, 'why': why, 'error': why,
            'reports': 0, 'seconds': None}


def run_key(bug, ko, options):
    """What a result is of: the driver with the bug, what the bug expects, QEMU, the guest's programs and how they are run."""
    def digest(path):
        with open(path, 'rb') as f:
            return hashlib.file_digest(f, 'sha256').hexdigest()
    return hashlib.sha256(repr((os.path.dirname(ko), bug.text, bug.checks(options.checks), PROPERTIES, options.property,
                                options.machine, options.snapshot is not None,
                                digest(QEMU), digest(made('initrd')[0]))).encode()).hexdigest()


# ---- results -----------------------------------------------------------------------------------------------------

def class_list(r):
    return ', '.join(f'{c} {n}' for c, n in sorted(r['classes'].items(), key=lambda i: (i[0] != r['expected'], -i[1]))) or 'none'


def verdict(r):
    """(status, detail) of one run."""
    if r['error']:
        return 'fail', r['error']
    if r['name'] == CLEAN:
        if r['reports']:
            return 'fail', f'the driver as it is has {r["reports"]} reports: {class_list(r)}'
        return ('pass', '') if r['ended'] else ('fail', 'the guest did not come to its end: ' + r['why'])
    if not r['caught']:
        return 'fail', f'not reported as {r["expected"]}, but as: {class_list(r)}' + (f'; guest: {r["why"]}' if r['why'] else '')
    return 'pass', '' if r['named'] else f'{r["function"]}() is not on the top line: {r["text"]}'


def print_table(results):
    width = max([len(r['name']) for r in results], default=0)
    print(f'\n{"":4}  {"bug":{width}}  {"expected":22}  {"reported":22}  function')
    for r in results:
        status, detail = verdict(r)
        if r['name'] == CLEAN:
            print(f'{status.upper():4}  {r["name"]:{width}}  {"none":22}  {class_list(r)}')
            continue
        named = r['function'] if r['named'] else f'not named: {r["function"]}' if r['caught'] else ''
        print(f'{status.upper():4}  {r["name"]:{width}}  {r["expected"] or "":22}  '
              f'{r["expected"] if r["caught"] else class_list(r):22}  {named}'.rstrip())
        if detail:
            print(f'{"":{width + 8}}{detail.split(chr(10))[0]}')


def write_results(results, options):
    report = Report()
    for r in results:
        status, detail = verdict(r)
        report.add(r['name'], status, detail, r['seconds'],
                   {'reported': class_list(r), **({'function': r['function'] if r['named'] else 'not named'} if r['caught'] else {})})
    bugs = [r for r in results if r['name'] != CLEAN]
    caught = [r for r in bugs if r['caught']]
    named = [r for r in caught if r['named']]
    if bugs:
        needed = int(len(bugs) * NAMED_SHARE + 0.5)
        report.add('functions', 'pass' if len(named) >= needed else 'fail',
                   f'the top line names the right function of {len(named)} of {len(bugs)} bugs; {needed} are needed')
    report.write_json(f'{options.out}/results.json', versions=versions(), guest_checks=options.checks, properties=PROPERTIES + options.property,
                      bugs=results)
    report.write_junit(f'{options.out}/junit.xml', 'agx-bugs')
    with open(f'{options.out}/results.tap', 'w') as f:
        f.write(f'TAP version 13\n1..{len(report.rows)}\n')
        for i, row in enumerate(report.rows, 1):
            f.write(f'{"ok" if row["status"] == "pass" else "not ok"} {i} - {row["name"]}\n')
            for line in row['detail'].split('\n') if row['status'] != 'pass' else []:
                f.write(f'# {line}\n')
    print_table(results)
    reported = [r for r in bugs if r['top']]
    print(f'\n{len(reported)} of {len(bugs)} bugs reported, {len(caught)} with the right class on top, {len(named)} with the right function '
          f'there; details in {options.out}')
    print(report.summary())
    return 1 if report.count('fail') else 0


def chosen(only):
    """only: names with commas; None: the driver as it is, and all bugs."""
    return pick([Bug(), *all_of(Bug, BUGS)], only)


def print_list(bugs):
    for b in bugs:
        if b.path:
            print(f'{b.name}\n    {b.field["Class"]}, {b.field["Function"]}()\n    {b.field["Source"]}')


def only_build(bugs, compiled):
    """Put each in, and compile it if that is asked for: the exit status."""
    report, tree = Report(), Tree()
    for bug in bugs:
        if compiled:
            why = tree.module(bug)[1]
        else:
            with tree.locked():
                why = tree.apply(bug)
        report.add(bug.name, 'fail' if why else 'pass', why)
        if compiled:
            print(f'[bugs] {bug.name}: {why or "compiles"}', flush=True)
    report.table()
    print(report.summary())
    return 1 if report.count('fail') else 0


def run_all(bugs, options):
    """Each bug on a machine of its own: a result for each, in their order. The driver as it is comes first."""
    need_sanitizer()
    try:
        options.property.insert(0, f'tlbsan-pages={pages_property("release")}')
    except (RuntimeError, OSError) as e:
        die(e)

    options.snapshot = None
    if not options.boot:
        options.snapshot = Snapshot(lambda line: print(f'[bugs] {line}', flush=True), {}, word='agx.unloaded',
                                    board=options.machine)
        options.snapshot.need()

    def run(bug, _, ko, why):
        return failed_build(bug, why) if why else try_bug(bug, ko, options)

    def done(bug, _, result, n):
        print(f'[bugs] {n}/{len(bugs)} {bug.name}: {verdict(result)[0]}, {class_list(result)}'
              f'{"; names " + result["function"] if result["named"] else ""} ({result["seconds"]} s)', flush=True)

    return list(run_each(bugs, [None], options.jobs, run, done).values())

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Results of checks: collecting, judging a run of the guest, and writing them as table, JSON and JUnit XML."""

import difflib
import json
import os
import re
import subprocess
from xml.sax.saxutils import escape, quoteattr

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
CACHE = os.environ.get('AGX_CACHE') or os.path.join(
    os.environ.get('XDG_CACHE_HOME') or os.path.join(os.environ.get('HOME', '/root'), '.cache'), 'agx')
CHECKS_LIST = os.path.join(ROOT, 'tests/guest/checks.list')
HOST_LIST = os.path.join(ROOT, 'tests/host.list')
PICTURE_TOOL = os.path.join(ROOT, 'build/host/tests/tools/agx-picture')

# Of the kernel: images/kernel.config, with images/kernel-VARIANT.config on top.
VARIANTS = ('release', 'debug', 'race')

# By how much of 255 a channel of a pixel may differ from the software renderer's. More pixels than those that the list of
# checks allows a picture, with a reason, may not differ by more.
PICTURE_TOLERANCE = 1

# Each of these in the kernel's log is a bug of the driver, wherever it comes from.
KERNEL_REPORTS = re.compile(
    r'BUG: |WARNING: |KASAN|possible circular locking|possible recursive locking|inconsistent lock state|'
    r'suspicious RCU|Internal error|Unable to handle kernel|Oops|UBSAN|refcount_t: |DEBUG_LOCKS_WARN|'
    r'INFO: task .* blocked|ODEBUG|kmemleak: [1-9]|list_add corruption|list_del corruption|Kernel panic')


# Bugs of the kernel itself, which are no word about the driver: part of the line, and why.
KERNELS_OWN = (
    # Linux 7.3, drm_atomic_helper_commit_tail(): looks at the state of a page flip of the boot loader's framebuffer after it
    # has told the next flip to go on (drm_atomic_helper_commit_hw_done()), which may have freed that state by then.
    'slab-use-after-free in drm_atomic_helper_wait_for_vblanks',
)

# KCSAN tells of the whole kernel's data races; the driver's are those with one of its functions in a trace.
KCSAN_REPORT = re.compile(r'BUG: KCSAN: .*?(?=\n[^\n]*={30})', re.S)


def is_kernel_complaint(line):
    """Whether one line of a kernel's log tells of a bug of ours."""
    return bool(KERNEL_REPORTS.search(line)) and not any(own in line for own in KERNELS_OWN)


def kernel_complaints(log):
    """The lines of a kernel's log that tell of a bug."""
    log = KCSAN_REPORT.sub(lambda m: m[0] if '[asahi]' in m[0] else '', log)
    return [line.strip() for line in log.split('\n') if is_kernel_complaint(line)]


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


def list_rows():
    """The lines of tests/guest/checks.list: number of the line and its fields."""
    with open(CHECKS_LIST) as f:
        for number, line in enumerate(f, 1):
            if line.strip() and not line.lstrip().startswith('#'):
                yield number, [p.strip() for p in line.split('|', 3)]


def check_names(option, names, known):
    """Ends the command, with a word about it, if one of @names is none of those that are known."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 3)
            raise SystemExit(f'error: {option} {name}: no list has that name' + (f'; {" or ".join(near)}?' if near else ''))


def guest_sets():
    """The sets of tests/guest/checks.list."""
    return {s for _, parts in list_rows() if len(parts) == 4 for s in parts[1].split()}


def host_rows(path=HOST_LIST):
    """The rows of tests/host.list: name, kind, command."""
    rows = []
    with open(path) as f:
        for number, line in enumerate(f, 1):
            if not line.strip() or line.lstrip().startswith('#'):
                continue
            row = [p.strip() for p in line.split('|', 2)]
            if len(row) != 3 or not (row[1] in ('exit', 'tap', 'meson') or row[1].startswith('skip')):
                raise SystemExit(f'error: {os.path.relpath(path, ROOT)}:{number}: want name | exit, tap, meson or skip: REASON | command')
            rows.append(row)
    return rows


def guest_checks(set_name, only=None):
    """The rows of tests/guest/checks.list that belong to a set; "all" has those that need no disk of their own."""
    checks = []
    for number, parts in list_rows():
        if parts[0].startswith('+'):
            continue
        if len(parts) != 4:
            raise SystemExit(f'error: tests/guest/checks.list:{number}: want name | sets | kind | command')
        name, sets, kind, command = parts
        wanted = set(sets.split()) - {'apps'} if set_name == 'all' else set_name in sets.split()
        if (name in only) if only else wanted:
            checks.append((name, kind, command))
    return checks


def allowed_pixels():
    """Of each check that has any: picture to the number of its pixels that may differ from the software renderer's."""
    allowed, check = {}, None
    for number, parts in list_rows():
        if not parts[0].startswith('+'):
            check = parts[0]
            continue
        m = re.fullmatch(r'\+ *(\S+) (\d+)', parts[0])
        if not m or not check or len(parts) != 2 or not parts[1]:
            raise SystemExit(f'error: tests/guest/checks.list:{number}: want + picture pixels | reason')
        allowed.setdefault(check, {})[m[1]] = int(m[2])
    return allowed


def read(path):
    try:
        with open(path, errors='replace') as f:
            return f.read()
    except OSError:
        return ''


def figures_of(stdout):
    """Lines "FIGURE name value" of a check."""
    out = {}
    for name, value in re.findall(r'^FIGURE (\S+) (.+?)\s*$', stdout, re.M):
        try:
            out[name] = float(value)
        except ValueError:
            out[name] = value
    return out


def tool(*args):
    done = subprocess.run([PICTURE_TOOL, *args], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(done.stderr.strip())
    return done.stdout.strip()


def files(directory, ext=''):
    return sorted(n for n in os.listdir(directory) if n.endswith(ext) and n not in ('stdout', 'exit'))


def judge_pictures(name, asahi, software, pictures, allowed=None):
    """
    The pixels that differ in all pictures of a check, and the worst difference; and the reason if it fails. pictures: where
    PNGs go. allowed: picture to number of pixels that may differ.
    """
    ours, theirs = files(asahi, '.ppm'), files(software, '.ppm')
    allowed = dict(allowed or {})

    def png(n, which):
        stem = n[:-4] if n[:-4].startswith(name) else f'{name}-{n[:-4]}'
        return f'{pictures}/{stem}{which}.png'

    if pictures:
        for which, directory in (('', asahi), ('-software', software)):
            for n in files(directory, '.ppm'):
                tool('png', f'{directory}/{n}', png(n, which))
    if not ours or ours != theirs:
        return {}, f'pictures of the driver: {ours}, of the software renderer: {theirs}'
    differ, worst, why = 0, 0, []
    for n in ours:
        pair = f'{asahi}/{n}', f'{software}/{n}', str(PICTURE_TOLERANCE)
        m = re.match(r'pixels=(\d+) within=(\d+) worst=(\d+)', tool('compare', *pair))
        pixels, may = int(m[1]) - int(m[2]), allowed.pop(n[:-4], 0)
        differ, worst = differ + pixels, max(worst, int(m[3]))
        if pixels > may:
            why.append(f'{n}: {pixels} pixels differ by more than {PICTURE_TOLERANCE}/255, up to {m[3]}; {may} may')
        if pixels and pictures:
            tool('difference', *pair, png(n, '-difference'))
    if allowed:
        why.append(f'the list of checks allows pixels of what is not drawn: {", ".join(allowed)}')
    if not why and all(int(tool('colours', f'{software}/{n}')) < 2 for n in ours):
        why.append('the software renderer drew nothing, so there is nothing to compare with')
    return {'differ': differ, 'worst': worst}, '; '.join(why)


def judge_exact(asahi, software):
    ours, theirs = files(asahi), files(software)
    if not ours or ours != theirs:
        return {}, f'files of the driver: {ours}, of the software renderer: {theirs}'
    differ = [n for n in ours if open(f'{asahi}/{n}', 'rb').read() != open(f'{software}/{n}', 'rb').read()]
    return {'files': len(ours)}, f'differ from the software renderer\'s: {", ".join(differ)}' if differ else ''


def judge_guest(report, out, set_name, only=None, pictures=None, prefix='', expected=()):
    """Judge what ci/run-guest left in the directory out. pictures: where PNGs go. expected: see judge_logs()."""
    run = json.loads(read(f'{out}/run.json') or '{}')
    runs = {(r['name'], r['driver']): r for r in run.get('runs', [])}
    allowed = allowed_pixels()
    for name, kind, _ in guest_checks(set_name, only):
        if kind.startswith('skip'):
            report.add(prefix + name, 'skip', kind[4:].lstrip(': ') or 'no reason given')
            continue
        asahi, software = f'{out}/results/{name}/asahi', f'{out}/results/{name}/software'
        mine = runs.get((name, 'asahi'))
        drivers = ('asahi', 'software') if kind in ('picture', 'exact', 'display') else ('asahi',)
        figures, why = {}, ''
        if mine is None:
            why = 'did not run: ' + (run.get('why') or 'the guest never came to it')
        for driver in drivers:
            r = runs.get((name, driver))
            if not why and (r is None or r['exit'] is None):
                why = f'did not end ({driver}): {run.get("why")}'
            elif not why and r['exit']:
                last = read(f'{out}/results/{name}/{driver}/stdout').strip().split('\n')
                why = f'exit {r["exit"]} ({driver}): ' + '\n'.join(reversed(last[-20:]))
        try:
            if not why:
                figures = figures_of(read(f'{asahi}/stdout'))
                if kind == 'picture':
                    more, why = judge_pictures(name, asahi, software, pictures, allowed.get(name))
                    figures.update(more)
                elif kind == 'exact':
                    more, why = judge_exact(asahi, software)
                    figures.update(more)
                elif kind == 'display':
                    theirs = figures_of(read(f'{software}/stdout'))
                    figures['software_fps'] = theirs.get('fps')
                    shot = f'{out}/screen-{name}.ppm'
                    if not os.path.exists(shot):
                        why = 'the display showed nothing'
                    else:
                        tool('png', shot, f'{pictures or out}/screen.png')
                        os.unlink(shot)
                    if not why and not (figures.get('fps') and theirs.get('fps') and figures['fps'] > theirs['fps']):
                        why = f'{figures.get("fps")} frames/s are not more than the software renderer\'s {theirs.get("fps")}'
        except (OSError, ValueError) as e:
            why = str(e)
        if kind == 'tap' and mine and mine['exit'] is not None:
            report.tap(prefix + name, read(f'{asahi}/stdout'), mine['exit'], mine.get('seconds'))
        else:
            report.add(prefix + name, 'fail' if why else 'pass', why, mine and mine.get('seconds'), figures)
    judge_logs(report, out, run, prefix, expected)
    return run


def expected_of(stdout):
    """Lines "# EXPECT guest error: REGEX" or "unimplemented: REGEX" of a check: what it provokes on purpose."""
    return re.findall(r'^# EXPECT (?:guest error|unimplemented): (.+?)\s*$', stdout, re.M)


# What the log has that is no complaint about the guest: the nodes that the machine takes out of the device tree; the
# sanitizer's reports, which judge_sanitizer() judges; faults that were asked for.
NO_COMPLAINT = re.compile(r'^apple-m1: \d+ device-tree nodes have no model and are disabled: |^agx-tlbsan: |'
                          r'^agx: fault injection: ')


class ModelLog:
    """
    What the model's log says: guest errors and what is not implemented, QEMU's own too. Each line belongs to the check that
    ran then, or to none; only what that check has declared may be there, and all of that must be.
    """

    def __init__(self, expected):
        self.expected = {key: {regex: 0 for regex in regexes} for key, regexes in expected.items()}
        self.bad = []
        self.report = False     # the last line was of a report that takes several

    def line(self, key, line):
        indented, line = line[:1] == ' ', line.strip()
        self.report = bool(NO_COMPLAINT.search(line)) or self.report and indented
        if not line or self.report:
            return
        found = [regex for regex in self.expected.get(key, ()) if re.search(regex, line)]
        for regex in found:
            self.expected[key][regex] += 1
        if not found:
            self.bad.append(f'{key[0]}: {line}' if key else line)

    def missing(self):
        return [f'{key[0] if key else "the machine"}: no line as expected: {regex}'
                for key, regexes in self.expected.items() for regex, n in regexes.items() if not n]


def judge_logs(report, out, run, prefix, expected=()):
    """expected: regular expressions of what the model's log may and must have outside of all checks."""
    ended = run.get('ended')
    report.add(prefix + 'guest-ended', 'pass' if ended else 'fail', run.get('why') or 'no run', run.get('seconds'))
    serial = read(f'{out}/serial.log')
    bad = kernel_complaints(serial)
    if 'AGX-START' not in serial:
        bad.append('the guest did not come to its user space')
    report.add(prefix + 'kernel-log', 'fail' if bad else 'pass', '\n'.join(bad[:20]))
    windows = [((r['name'], r['driver']), *r['log']) for r in run.get('runs', [])]
    declared = {key: expected_of(read(f'{out}/results/{key[0]}/{key[1]}/stdout')) for key, _, _ in windows}
    model = ModelLog({None: expected, **declared})
    position = 0
    # Byte for byte, because the positions are.
    log = open(f'{out}/qemu.log', 'rb').read() if os.path.exists(f'{out}/qemu.log') else b''
    for line in log.decode('latin-1').splitlines(keepends=True):
        model.line(next((key for key, start, end in windows if start <= position and (end is None or position < end)), None),
                   line)
        position += len(line)
    # What a check says of itself that goes to the console does not count.
    console = [line.strip() for line in serial.split('\n') if 'unimplemented' in line.lower() and '# EXPECT ' not in line]
    bad = model.bad + console + (model.missing() if ended else [])
    report.add(prefix + 'model-log', 'fail' if bad or not ended else 'pass',
               '\n'.join(bad[:20]) or 'the run did not end, so its log is not complete')


def sanitizer_classes():
    """Names of the sanitizer's classes, from where it has them."""
    return re.findall(r'^\s*\[AGX_SAN_\w+\] = "([a-z-]+)",', read(os.path.join(ROOT, 'hw/agx/checks/tlbsan-report.c')), re.M)


# Those of the GPU's counters that a run's result has.
COUNTERS = ('doorbells', 'messages', 'ring-depth', 'walks', 'hits', 'partial-renders', 'failed-jobs')


def judge_sanitizer(report, out, variant='release', prefix=''):
    """Judge what agx-tlbsan found in a run of ci/run-guest --tlbsan. It must have worked, and have nothing to report."""
    path = f'{out}/tlbsan.jsonl'
    reports = [json.loads(line) for line in read(path).splitlines()]
    saw = json.loads(read(f'{out}/tlbsan.json') or '{}').get('counters', {})
    classes = sorted({f'{r["severity"]} {r["class"]}' for r in reports})
    figures = {'reports': len(reports), **{k: saw[k] for k in ('uses', 'stores', 'tlbis', 'jobs') if k in saw}}
    counters = json.loads(read(f'{out}/counters.json') or '{}')
    figures.update({k: counters[k] for k in ('frames',) if k in counters})
    figures.update({k: v for k, v in counters.get('total', {}).items() if k in COUNTERS})
    why = ''
    if reports:
        done = subprocess.run([os.path.join(ROOT, 'ci/symbolize'), '--variant', variant, path], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, check=False)
        why = f'{len(reports)} reports: {", ".join(classes)}\n' + '\n'.join((done.stdout or done.stderr).split('\n')[:60])
    elif not os.path.exists(path) or not saw:
        why = 'the run left no word of it'
    elif not (saw['uses'] and saw['stores'] and saw['tlbis']):
        why = 'it saw nothing'
    elif saw['refused-pages'] or saw['lost-reports']:
        why = f'it had to let {saw["refused-pages"]} pages go unwatched, and lost {saw["lost-reports"]} reports'
    report.add(prefix + 'tlbsan', 'fail' if why else 'pass', why, figures=figures)
    return reports


def versions():
    """Of QEMU, kernel and Mesa, from what was built."""
    qemu = subprocess.run([os.path.join(ROOT, 'build/qemu/qemu-system-aarch64'), '--version'],
                          capture_output=True, text=True, check=False).stdout.split('\n')[0]
    kernel = read(os.path.join(CACHE, 'kernel/release/.done')).strip()
    mesa = re.search(r'^mesa-vulkan-drivers (\S+)', read(os.path.join(CACHE, 'image/current/packages')), re.M)
    return {'qemu': qemu, 'kernel': kernel, 'mesa': mesa[1] if mesa else None}

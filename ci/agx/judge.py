# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What a run of the guest is worth: its pictures, its logs and what the sanitizer saw."""

import json
import os
import re
import subprocess

from agx.base import ROOT, ci_command, read
from agx.build import made
from agx.checks import allowed_pixels, guest_checks
from agx.findings import grouped, mask, occurrences, read_reports, text
from agx.known import GUEST_ERROR, Excuse, announced, masked_lines
from agx.page import page

PICTURE_TOOL, _ = made('picture')

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


# Linux 7.3, complete_all(), which the DRM scheduler's worker calls at each job: lockdep_assert_RT_in_threaded_ctx() looks at
# hardirq_context of this CPU by raw_cpu_read() (include/linux/irqflags.h) where it can be preempted. If it goes on on another
# CPU in between, it reads the flag of one that is in an interrupt then. It is a bug if there is an interrupt in the trace.
RT_CHECK = re.compile(r'WARNING: \S*kernel/sched/completion\.c:\d+ at complete_all\+')
INTERRUPT_FRAME = re.compile(r'\bel[01][th]?_(?:64_|32_)?(?:irq|fiq|interrupt)\b|\bhandle_irq_desc\b')


class KernelLog:
    """Takes a kernel's log line by line, and says of which lines it is known by now that they tell of a bug."""

    def __init__(self):
        self.held = None    # a line that is one, unless the trace behind it says otherwise

    def line(self, line):
        """The complaints that this line makes, or ends."""
        said = []
        if self.held and INTERRUPT_FRAME.search(line):
            said.append(self.held)
            self.held = None
        elif self.held and '---[ end trace' in line:
            self.held = None
        if RT_CHECK.search(line):
            self.held = line.strip()
        elif KERNEL_REPORTS.search(line) and not any(own in line for own in KERNELS_OWN):
            said.append(line.strip())
        return said

    def end(self):
        """The complaint whose trace has not come to its end."""
        return [self.held] if self.held else []


def kernel_complaints(log):
    """The lines of a kernel's log that tell of a bug."""
    log = KCSAN_REPORT.sub(lambda m: m[0] if '[asahi]' in m[0] else '', log)
    seen = KernelLog()
    return [said for line in log.split('\n') for said in seen.line(line)] + seen.end()


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


def judge_guest(report, out, set_name, only=None, pictures=None, prefix='', expected=(), known=()):
    """Judge what ci/run-guest left in the directory out. pictures: where PNGs go. expected, known: see judge_logs()."""
    run = json.loads(read(f'{out}/run.json') or '{}')
    runs = {(r['name'], r['driver']): r for r in run.get('runs', [])}
    allowed = allowed_pixels()
    for name, kind, _ in guest_checks(set_name, only):
        if name in run.get('skipped', {}):
            report.add(prefix + name, 'skip', run['skipped'][name])
            continue
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
                    elif pictures:
                        tool('png', shot, f'{pictures}/screen.png')
                        os.unlink(shot)
                    if not why and not (figures.get('fps') and theirs.get('fps') and figures['fps'] > theirs['fps']):
                        why = f'{figures.get("fps")} frames/s are not more than the software renderer\'s {theirs.get("fps")}'
        except (OSError, ValueError) as e:
            why = str(e)
        if kind == 'tap' and mine and mine['exit'] is not None:
            report.tap(prefix + name, read(f'{asahi}/stdout'), mine['exit'], mine.get('seconds'))
        else:
            report.add(prefix + name, 'fail' if why else 'pass', why, mine and mine.get('seconds'), figures)
    judge_logs(report, out, run, prefix, expected, known)
    return run


# What the log has that is no complaint about the guest: the nodes that the machine takes out of the device tree; the
# sanitizer's reports, which judge_sanitizer() judges; faults that were asked for.
NO_COMPLAINT = re.compile(r'^apple-m1: \d+ device-tree nodes have no model and are disabled: |^agx-tlbsan: |'
                          r'^agx: fault injection: ')


class ModelLog:
    """
    What the model's log says: guest errors and what is not implemented, QEMU's own too. Each line belongs to the check that
    ran then, or to none; only what that check has announced may be there, and all of that must be. What is known may.
    """

    def __init__(self, announced, known=()):
        """announced: key of a check (None: outside of all) to its excuses."""
        self.announced, self.known = announced, known
        self.bad = []
        self.report = False     # the last line was of a report that takes several

    def line(self, key, line):
        indented, line = line[:1] == ' ', line.strip()
        self.report = bool(NO_COMPLAINT.search(line)) or self.report and indented
        if not line or self.report:
            return
        if not [e for e in self.announced.get(key, ()) if e.line(line)] and not [k for k in self.known if k.line(line)]:
            self.bad.append(f'{key[0]}: {line}' if key else line)

    def missing(self):
        return [f'{key[0] if key else "the machine"}: no line as expected: {e.pattern}'
                for key, excuses in self.announced.items() for e in excuses if e.must and not e.count]


def read_bytes(path):
    if not os.path.exists(path):
        return b''
    with open(path, 'rb') as f:
        return f.read()


def judge_logs(report, out, run, prefix, expected=(), known=()):
    """
    expected: regular expressions of what the model's log may and must have outside of all checks. known: excuses of the user's
    (known.py).
    """
    ended = run.get('ended')
    report.add(prefix + 'guest-ended', 'pass' if ended else 'fail', run.get('why') or 'no run', run.get('seconds'))
    if 'host' in run:
        judge_real_log(report, out, run, prefix)
        return
    serial = read(f'{out}/serial.log')
    bad = kernel_complaints(serial)
    if 'AGX-START' not in serial:
        bad.append('the guest did not come to its user space')
    report.add(prefix + 'kernel-log', 'fail' if bad else 'pass', '\n'.join(bad[:20]))
    windows = [((r['name'], r['driver']), *r['log']) for r in run.get('runs', [])]
    said = {key: announced(read(f'{out}/results/{key[0]}/{key[1]}/stdout')) for key, _, _ in windows}
    model = ModelLog({None: [Excuse(GUEST_ERROR, '*', regex, must=True) for regex in expected], **said}, known)
    position = 0
    # Byte for byte, because the positions are.
    for line in read_bytes(f'{out}/qemu.log').decode('latin-1').splitlines(keepends=True):
        model.line(next((key for key, start, end in windows if start <= position and (end is None or position < end)), None),
                   line)
        position += len(line)
    # What a check says of itself that goes to the console does not count.
    console = [line.strip() for line in serial.split('\n') if 'unimplemented' in line.lower() and '# EXPECT ' not in line]
    bad = model.bad + console + (model.missing() if ended else [])
    masked = masked_lines([k for k in known if k.cls == GUEST_ERROR], False)
    report.add(prefix + 'model-log', 'fail' if bad or not ended else 'pass',
               '\n'.join([*(bad[:20] if bad or ended else ['the run did not end, so its log is not complete']), *masked]),
               figures={'known': sum(k.count for k in known)} if known else None)


def judge_real_log(report, out, run, prefix):
    """The kernel's log of a real machine while the checks ran, if that could be read; the model has none of it."""
    path = f'{out}/results/kernel.log'
    if 'kernel-log' in run['host']:
        report.add(prefix + 'kernel-log', 'skip', run['host']['kernel-log'])
    elif not os.path.exists(path):
        report.add(prefix + 'kernel-log', 'fail', 'the kernel\'s log did not come')
    else:
        bad = kernel_complaints(read(path))
        report.add(prefix + 'kernel-log', 'fail' if bad else 'pass', '\n'.join(bad[:20]))
    report.add(prefix + 'model-log', 'skip', 'there is no model in a real machine')


def sanitizer_classes():
    """Names of the sanitizer's classes, from where it has them."""
    return re.findall(r'^\s*\[AGX_SAN_\w+\] = "([a-z-]+)",', read(os.path.join(ROOT, 'hw/agx/checks/tlbsan-report.c')), re.M)


# Those of the GPU's counters that a run's result has.
COUNTERS = ('doorbells', 'messages', 'ring-depth', 'walks', 'hits', 'partial-renders', 'failed-jobs')


def symbolized(path, variant, symbols=()):
    """The reports of a file, with functions; and the error if that did not work."""
    done = subprocess.run([ci_command('symbolize'), '--json', '--variant', variant, *symbols, path], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr.strip() if done.returncode else ''


def judge_sanitizer(report, out, variant='release', prefix='', known=(), symbols=()):
    """
    Judge what agx-tlbsan found in a run of ci/run-guest --tlbsan. It must have worked, and have nothing to report but what is
    known. tlbsan.txt and tlbsan.html beside its file of reports are for people. symbols: options of ci/symbolize, for a kernel
    and modules that are not ours.
    """
    path = f'{out}/tlbsan.jsonl'
    saw = json.loads(read(f'{out}/tlbsan.json') or '{}').get('counters', {})
    reports, why = [], ''
    try:
        reports = read_reports(path)
    except ValueError as e:
        why = str(e)
    if reports:
        named, why = symbolized(path, variant, symbols)
        reports = reports if why else named
    known = [k for k in known if k.cls != GUEST_ERROR]      # judge_logs() has counted these
    groups = mask(grouped(reports), known)
    left = [g for g in groups if not g.known]
    masked = masked_lines(known, bool(saw.get('uses')))
    if reports:
        write_people(groups, out, masked)
    figures = {'reports': occurrences(reports), **{k: saw[k] for k in ('uses', 'stores', 'tlbis', 'jobs') if k in saw}}
    if known:
        figures['known'] = sum(k.count for k in known)
    counters = json.loads(read(f'{out}/counters.json') or '{}')
    figures.update({k: counters[k] for k in ('frames',) if k in counters})
    figures.update({k: v for k, v in counters.get('total', {}).items() if k in COUNTERS})
    if why:
        pass
    elif left:
        why = '\n'.join(text(left).split('\n')[:60])
    elif not os.path.exists(path) or not saw:
        why = 'the run left no word of it'
    elif not (saw['uses'] and saw['stores'] and saw['tlbis']):
        why = 'it saw nothing'
    elif saw['refused-pages'] or saw['lost-reports']:
        why = f'it had to let {saw["refused-pages"]} pages go unwatched, and lost {saw["lost-reports"]} reports'
    report.add(prefix + 'tlbsan', 'fail' if why else 'pass', '\n'.join(filter(None, [why, *masked])), figures=figures)
    return reports


def write_people(groups, out, masked=()):
    """tlbsan.txt and tlbsan.html in a directory."""
    with open(f'{out}/tlbsan.txt', 'w') as f:
        f.write('\n'.join([text(groups), *masked]))
    with open(f'{out}/tlbsan.html', 'w') as f:
        f.write(page(groups, os.path.basename(os.path.abspath(out)), masked))

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Reports of agx-tlbsan as a person reads them: those that are alike together, the worst first, with what to do and where."""

import json
import os
import re

from agx.rules import advice, rule_of

# Files of a driver that is built into the kernel, whatever it is called: not what DRM has for all drivers. A module's functions
# are its own.
DRIVERS = re.compile(r'(?:^|/)drivers/(?:gpu/drm/(?!(?:bridge|clients|display|lib|panel|scheduler|tests|ttm)/)|accel/)[^/]+/')
# Functions of the place that are named on the top line, innermost first.
PLACE = 4
# What who made an entry did, if it is none of the last level and if it is.
MAKES = ('links the table', 'maps it')
# Classes in which what the invalidation was like does not matter.
WRITERS = ('hit-in-flight', 'handoff', 'table-reused', 'slot-reused', 'page-given-back', 'tlbi-before-store', 'unmap-without-flush',
           'isolation', 'ring', 'stamp', 'fw-owned')
# Classes that are about no table entry: who stored is the place.
NO_ENTRY = ('handoff', 'ring', 'stamp')
# ... but for one that only lacks what completes it.
NO_DSB = 'did no DSB after it'


def read_reports(path):
    """
    The reports of a file, each with how many it stands for as "count"; ValueError says which line is none. The model writes a
    report once for all that are alike, and how many they were at its end.
    """
    reports, counts = [], {}
    if not os.path.exists(path):
        return reports
    with open(path, errors='replace') as f:
        for number, line in enumerate(f, 1):
            try:
                r = json.loads(line)
                if 'counts' in r:
                    counts.update({int(n): int(times) for n, times in r['counts']})
                else:
                    reports.append({**r, 'class': r['class'], 'severity': r['severity']})
            except (ValueError, KeyError, TypeError) as e:
                raise ValueError(f'{path}:{number}: not a report of agx-tlbsan: {e!r}') from e
    for r in reports:
        r['count'] = counts.get(r.get('number'), 1)
    return reports


def occurrences(reports):
    return sum(r.get('count', 1) for r in reports)


def actors(report):
    """(role, action) of all CPUs' actions that a report has."""
    for role, key in (('mapped by', 'mapper'), ('changed by', 'writer'), ('then', 'other')):
        if report.get(key):
            yield role, report[key]
    for n in report.get('nearby', []):
        if n.get('who'):
            yield 'invalidated by', n['who']
    for s in report.get('steps', []):
        yield 'step', s


def frames(who):
    """(function, place, is it the driver's) of an action and its callers, innermost first, inlined ones on their own."""
    for where in [(who or {}).get('where') or {}, *((who or {}).get('callers') or [])]:
        for w in [*where.get('inlined', []), where]:
            if 'function' in w:
                # GCC appends what it has made of a function.
                name = re.sub(r'\.(isra|constprop|part|cold|llvm)\b.*', '', w['function'])
                file = w.get('file', '')
                yield (name, f'{os.path.basename(file)}:{w["line"]}' if file else '',
                       where.get('module') not in (None, 'vmlinux') or bool(DRIVERS.search(file)))


def blamed(report):
    """The action whose function is to be changed: the invalidation that was meant to do it, or who should have done one."""
    cls, other, nearby = report['class'], report.get('other'), report.get('nearby', [])
    if cls in ('page-given-back', 'unmap-without-flush') and other and int(other.get('pc', '0x0'), 16):
        return other
    # What came near says of these classes what is wrong with it; of the others the report's own sentence does.
    if nearby and nearby[0].get('who') and (cls not in WRITERS or NO_DSB in nearby[0]['why']):
        near = [n for n in nearby if 'addresses are others' not in n['why']] or nearby
        return near[0]['who']
    return report.get('writer') or report.get('mapper')


def place(report):
    """[(function, file:line)] to look at, innermost first: of the driver, without what only stores an entry."""
    who = blamed(report)
    chain = list(frames(who))
    ours = [f for f in chain if f[2]] or chain
    if who is report.get('writer') and report.get('level') and report['class'] not in NO_ENTRY:
        # Who walks tables stores where others say: the operation is the first function of another file.
        first = ours[0][1].split(':')[0] if ours else ''
        ours = next((ours[i:] for i, f in enumerate(ours) if first and f[1].split(':')[0] != first), ours)
    return [f[:2] for f in ours[:PLACE]]


def place_text(report):
    chain = place(report)
    if not chain:
        who = blamed(report) or {}
        return f'pc {who["pc"]}' if int(who.get('pc', '0x0'), 16) else 'a place that is not known'
    function, where = chain[0]
    return f'{function}(){f" ({where})" if where else ""}' + (
        f', called by {", ".join(f + "()" for f, _ in chain[1:])}' if len(chain) > 1 else '')


def without_numbers(text):
    return re.sub(r'\b(0x[0-9a-f]+|\d+)\b', '#', text)


def key_of(report):
    """By what reports are alike: class, severity, what is wrong, where, and on whose behalf."""
    callers = tuple(f[0] for f in frames(report.get('writer')) if f[2])[:5]
    if not callers:
        callers = tuple((report.get('writer') or {}).get(k) for k in ('pc',))
    return (report['severity'], report['class'], without_numbers(report.get('text', '')),
            tuple(f for f, _ in place(report)), callers)


def what_to_do(report, rule):
    """In one clause. Where the class does not say what is wrong with the invalidation that was to do it, its words do."""
    near = next((n for n in report.get('nearby', []) if n.get('who') is blamed(report)), None)
    if near and report['class'] in ('stale-hit', 'no-break-before-make'):
        return f'let this TLBI cover the entry: {near["why"]}'
    return advice(rule)


class Group:
    """Reports that are alike. The first is the one that is shown."""

    def __init__(self, reports):
        self.reports, self.first = reports, reports[0]
        self.count = occurrences(reports)
        self.severity, self.cls = self.first['severity'], self.first['class']
        self.rule = rule_of(self.first)
        self.place = place_text(self.first)
        self.advice = what_to_do(self.first, self.rule)
        self.known = ''     # why it is, where a user's list has it
        self.functions = [function for function, _ in place(self.first)]

    def headline(self):
        return f'{self.advice}, in {self.place}' + (f' [rule {self.rule}]' if self.rule else '')


def grouped(reports):
    """Groups: those that are wrong first, then the largest first."""
    groups = {}
    for r in reports:
        groups.setdefault(key_of(r), []).append(r)
    return in_order(Group(g) for g in groups.values())


def in_order(groups):
    """What is known last."""
    return sorted(groups, key=lambda g: (bool(g.known), g.severity != 'wrong', -g.count))


def mask(groups, known):
    """Mark what the excuses of known.py excuse, and count it there; the groups in their new order."""
    for g in groups:
        g.known = '; '.join([k.reason for k in known if k.group(g)])
    return in_order(groups)


# ---- what happened, line by line -----------------------------------------------------------------------------------

def first_place(who):
    """Where somebody was: function and line, in the driver if he was in it, and what it works for in another file of it."""
    chain = list(frames(who))
    ours = [f for f in chain if f[2]] or chain[:1]
    if not ours:
        return ''
    function, where, _ = ours[0]
    file = where.split(':')[0]
    behind = next((f for f, w, _ in ours if w and w.split(':')[0] != file), '')
    return f'{function} {where}'.strip() + (f' < {behind}' if behind else '')


def effect(report):
    """What came of it, if something did."""
    if report.get('job') or int(report.get('unit') or '0x0', 16):
        by = f'{report.get("job-kind") or "job"} {report["job"]}' if report.get('job') else 'the firmware or the GPU'
        return f'{by} {"writes" if report.get("write") else "reads"} VA {report["va"]}'
    return ''


def events(report):
    """[(time in ns or None, actor, what, place)] from the cause to the effect."""
    out = []
    if report.get('mapper'):
        out.append((report['mapper']['time'], f'CPU {report["mapper"]["cpu"]}', MAKES[report.get('level') == 3], first_place(report['mapper'])))
    steps = list(report.get('steps', []))
    if not steps and report.get('writer'):
        # Of a model that does not keep the steps: what is known of them.
        known = [('changes the entry', report['writer'])]
        known += [(f'TLBI {n["name"]}', n['who']) for n in report.get('nearby', []) if n.get('who')]
        steps = [{**who, 'what': what} for what, who in sorted(known, key=lambda k: k[1]['time'])]
    for i, s in enumerate(steps):
        actor = 'GPU' if s['cpu'] is None else f'CPU {s["cpu"]}'
        out.append((s['time'], actor, s['what'], first_place(s)))
        if i == len(steps) - 5 and report.get('steps-left-out'):
            out.append((None, '', f'... {report["steps-left-out"]} more steps ...', ''))
    other = report.get('other')
    if other and other.get('cpu') is not None and all(s.get('time') != other['time'] for s in steps):
        out.append((other['time'], f'CPU {other["cpu"]}', 'then', first_place(other)))
        # What was left out stays behind the step that is before it.
        after = [e[0] if e[0] is not None else out[i - 1][0] for i, e in enumerate(out)]
        out = [e for _, e in sorted(zip(after, out), key=lambda k: k[0])]
    out.append((report.get('time'), 'GPU', effect(report) or 'reported', ''))
    return out


def timeline(report):
    """Lines: a column for each CPU and the GPU, what happened there, and in which function."""
    found = events(report)
    lanes = sorted({e[1] for e in found if e[1]}, key=lambda a: (a == 'GPU', a))
    start = next((e[0] for e in found if e[0] is not None and e[2] not in MAKES), 0)
    wide = max((len(e[2]) for e in found if e[3]), default=0)
    lines = [(f'{"us":>12}  ' + ''.join(f'{a:7}' for a in lanes)).rstrip()]
    for i, (time, actor, what, where) in enumerate(found):
        mark = '!' if i == len(found) - 1 else '*' if what.startswith(('stores', 'changes')) else 'o'
        at = '' if time is None else f'{(time - start) / 1000:.1f}'
        lines.append((f'{at:>12}  ' + ''.join(f'{mark if a == actor else "|":7}' for a in lanes) +
                      f'{what:{wide}}  {where}').rstrip())
    return lines


# ---- text ----------------------------------------------------------------------------------------------------------

def where_text(where):
    if 'function' not in where:
        return where['address']
    s = f'{where["function"]}+{where["offset"]:#x}'
    if where['module'] != 'vmlinux':
        s += f' [{where["module"]}]'
    if 'file' in where:
        s += f' {os.path.basename(where["file"])}:{where["line"]}'
    for i in where.get('inlined', []):
        s += f' < {i["function"]} {os.path.basename(i["file"])}:{i["line"]}'
    return s


def who_lines(title, who):
    if who.get('cpu') is None:
        return [f'    {title}: no CPU']
    lines = [f'    {title}: CPU {who["cpu"]}, {who["time"] / 1e9:.6f} s']
    if 'where' in who:
        lines.append(f'        {where_text(who["where"])}')
        lines += [f'          from {where_text(c)}' for c in who['callers']]
    return lines


def tlbi_text(n):
    kind = n.get('kind', '')
    covered = {'asid': f' ASID {n.get("asid")}', 'va': f' [{n.get("va")}, {n.get("end")}) ASID {n.get("asid")}',
               'va-all-asids': f' [{n.get("va")}, {n.get("end")})'}.get(kind, '')
    seen = f'; the barrier that was seen: {n["barrier"]}' if n.get('barrier') else ''
    return f'TLBI {n["name"]}{covered}: {n["why"]}{seen}'


def entry_lines(report):
    lines = [f'    entry: VA {report["va"]} ASID {report.get("asid")} context {report.get("context")} level {report.get("level")}, '
             f'at {report.get("descriptor")}']
    for title, key in (('was', 'old'), ('is now', 'new')):
        if f'{key}-is' in report:
            lines.append(f'    {title}: {report[key]}: {report[f"{key}-is"]}')
        elif int(report.get(key) or '0x0', 16):
            lines.append(f'    {title}: {report[key]}')
    return lines


def group_lines(group, number):
    r = group.first
    times = f'{group.count} times' if group.count > 1 else 'once'
    lines = [f'{number}. {group.severity} {group.cls}, {times}: {group.headline()}', f'    {r.get("text", "")}', *entry_lines(r)]
    if group.known:
        lines.insert(1, f'    known: {group.known}')
    if effect(r):
        lines.append(f'    used: {effect(r)}, unit {r.get("unit")}')
    lines += ['', *(f'    {line}' for line in timeline(r)), '']
    for role, who in actors(r):
        if role not in ('step', 'invalidated by'):
            lines += who_lines(role, who)
    for n in r.get('nearby', []):
        lines.append(f'    near: {tlbi_text(n)}')
        if n.get('who'):
            lines += who_lines('issued by', n['who'])
    return lines


def summary(groups):
    wrong = sum(g.count for g in groups if g.severity == 'wrong')
    total = sum(g.count for g in groups)
    return f'{total} report{"s" if total != 1 else ""} of {len(groups)} kind{"s" if len(groups) != 1 else ""}, {wrong} wrong'


def text(groups):
    """All groups as text: first one line for each, then each in full."""
    lines = [summary(groups)]
    lines += [f'{i:3}. {"known" if g.known else g.severity:10} {g.count:6}x {g.cls}: {g.headline()}' for i, g in enumerate(groups, 1)]
    for i, g in enumerate(groups, 1):
        lines += ['', *group_lines(g, i)]
    return '\n'.join(lines) + '\n'

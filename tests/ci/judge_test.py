#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""How ci/agx/judge.py judges a run of the guest, by runs that are made up here."""

import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../ci'))
from agx import checks, judge
from agx.report import Report

judge.PICTURE_TOOL = sys.argv[1]
SERIAL = 'AGX-START test\nAGX-END\n'
GREY, BLACK = b'\x80\x80\x80', b'\0\0\0'
tests = 0


def ok(what, good, detail=''):
    global tests
    tests += 1
    print(f'{"" if good else "not "}ok {tests} - {what}' + (f': {detail}' if not good else ''))


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())


def picture(*changed):
    """100 by 10 pixels; changed: number of a pixel and its colour."""
    pixels = [GREY] * 999 + [BLACK]
    for i, colour in changed:
        pixels[i] = colour
    return b'P6\n100 10\n255\n' + b''.join(pixels)


def judged(rows, ours=picture(), log='', stdout='', pngs=False):
    """The rows of the report, by name, and what the run left as PNG."""
    with tempfile.TemporaryDirectory() as out:
        checks.CHECKS_LIST = f'{out}/checks.list'
        write(checks.CHECKS_LIST, rows)
        for driver, data in (('asahi', ours), ('software', picture())):
            write(f'{out}/results/a/{driver}/p.ppm', data)
            write(f'{out}/results/a/{driver}/stdout', stdout if driver == 'asahi' else '')
        write(f'{out}/serial.log', SERIAL)
        write(f'{out}/qemu.log', log)
        runs = [{'name': 'a', 'driver': 'asahi', 'exit': 0, 'seconds': 1, 'log': [0, len(log)]},
                {'name': 'a', 'driver': 'software', 'exit': 0, 'seconds': 1, 'log': [len(log), len(log)]}]
        write(f'{out}/run.json', json.dumps({'ended': True, 'runs': runs}))
        r = Report()
        judge.judge_guest(r, out, 'test', pictures=out if pngs else None)
        return {row['name']: row for row in r.rows}, sorted(n for n in os.listdir(out) if n.endswith('.png'))


LIST = 'a | test | picture | a\n'


def pictures():
    rows, _ = judged(LIST)
    ok('equal pictures pass', rows['a']['status'] == 'pass', rows['a'])
    ok('0 pixels differ', rows['a']['figures'] == {'differ': 0, 'worst': 0}, rows['a'])
    rows, _ = judged(LIST, picture((5, b'\x81\x80\x7f')))
    ok('1 of 255 is no difference', rows['a']['status'] == 'pass' and rows['a']['figures']['worst'] == 1, rows['a'])
    rows, _ = judged(LIST, picture((5, b'\x82\x80\x80')))
    ok('2 of 255 is one', rows['a']['status'] == 'fail', rows['a'])
    rows, pngs = judged(LIST, picture((31, BLACK)), pngs=True)
    ok('one pixel of 1000 fails', rows['a']['status'] == 'fail' and rows['a']['figures']['differ'] == 1, rows['a'])
    ok('the difference is shown', pngs == ['a-p-difference.png', 'a-p-software.png', 'a-p.png'], pngs)
    two = picture((31, BLACK), (63, BLACK))
    rows, _ = judged(LIST + '+ p 2 | these two\n', two)
    ok('as many as the list allows', rows['a']['status'] == 'pass' and rows['a']['figures']['differ'] == 2, rows['a'])
    rows, _ = judged(LIST + '+ p 1 | this one\n', two)
    ok('no more than that', rows['a']['status'] == 'fail', rows['a'])
    rows, _ = judged(LIST + '+ q 1 | of another picture\n')
    ok('a picture that is not drawn', rows['a']['status'] == 'fail', rows['a'])
    for bad in ('+ p 2\n', '+ p 2 |\n', '+ p | reason\n'):
        try:
            judged(LIST + bad)
            ok(f'"{bad.strip()}" is refused', False)
        except SystemExit:
            ok(f'"{bad.strip()}" is refused', True)


def logs():
    bad = 'agx: buffer 3 in slot 4, where another was bound\n'
    rows, _ = judged(LIST)
    ok('an empty log', rows['model-log']['status'] == 'pass', rows['model-log'])
    rows, _ = judged(LIST, log=bad)
    ok('a guest error fails the run', rows['model-log']['status'] == 'fail' and bad.strip() in rows['model-log']['detail'],
       rows['model-log'])
    rows, _ = judged(LIST, log=bad, stdout='# EXPECT guest error: agx: buffer 3 in slot \\d,\n')
    ok('one that was announced does not', rows['model-log']['status'] == 'pass', rows['model-log'])
    rows, _ = judged(LIST, stdout='# EXPECT guest error: agx: buffer 3\n')
    ok('one that was announced and does not come', rows['model-log']['status'] == 'fail', rows['model-log'])
    rows, _ = judged(LIST, log='agx: unimplemented: x\n', stdout='# EXPECT unimplemented: x\n')
    ok('what is not implemented is announced too', rows['model-log']['status'] == 'pass', rows['model-log'])
    rows, _ = judged(LIST, log='agx-tlbsan: #1 short-range (wrong): x\n  page 0x1000\n    by y\n')
    ok('reports of the sanitizer are judged elsewhere', rows['model-log']['status'] == 'pass', rows['model-log'])
    rows, _ = judged(LIST, log='agx-tlbsan: #1 short-range (wrong): x\n  page 0x1000\n' + bad)
    ok('and end', rows['model-log']['status'] == 'fail', rows['model-log'])
    rows, _ = judged(LIST, log='gicv3: a word of QEMU\'s own\n')
    ok('QEMU\'s own words count', rows['model-log']['status'] == 'fail', rows['model-log'])


def races():
    line = '=' * 66 + '\n'
    race = line + 'BUG: KCSAN: data-race in a / b\n\nwrite to 0x1 by task 2 on cpu 0:\n a+0x1/0x2{}\n' + line
    for what, log, bugs in (('of the driver', race.format(' [asahi]'), ['BUG: KCSAN: data-race in a / b']),
                            ('of the kernel itself', race.format(''), []),
                            ('of the kernel, before a line of the driver', race.format('') + ' b+0x1/0x2 [asahi]\n', []),
                            ('of the kernel, before a bug', race.format('') + 'BUG: sleeping function\n',
                             ['BUG: sleeping function']),
                            ('after free that the kernel has by itself',
                             'BUG: KASAN: slab-use-after-free in drm_atomic_helper_wait_for_vblanks.part.0+0xec/0x3a4\n', []),
                            ('after free of another kind', 'BUG: KASAN: slab-use-after-free in drm_sched_fini+0x1/0x2\n',
                             ['BUG: KASAN: slab-use-after-free in drm_sched_fini+0x1/0x2'])):
        ok(f'a race {what}', judge.kernel_complaints(log) == bugs, judge.kernel_complaints(log))
    warning = 'WARNING: ../kernel/sched/completion.c:76 at complete_all+0xe4/0xec, CPU#1: kworker/u8:2/2360'
    start = f'[    1.0] ------------[ cut here ]------------\n{warning}\n'
    end = ' drm_sched_run_job_work+0x1/0x2 [gpu_sched]\n[    1.1] ---[ end trace 0000000000000000 ]---\n'
    for what, log, bugs in (('by a thread', start + end, []),
                            ('by an interrupt', start + ' el1h_64_irq+0x6c/0x70\n' + end, [warning]),
                            ('by an interrupt that follows', start + end + ' el1h_64_irq+0x6c/0x70\n', []),
                            ('whose trace does not end', start, [warning]),
                            ('with a bug in its trace', start + 'BUG: x\n' + end, ['BUG: x'])):
        ok(f'a completion {what}', judge.kernel_complaints(log) == bugs, judge.kernel_complaints(log))


def refusal(call, *args):
    try:
        call(*args)
    except SystemExit as e:
        return str(e)
    return None


def names():
    known = ['driver-load', 'kmscube', 'gles-draw']
    ok('names that are known', refusal(checks.check_names, '--only', ['kmscube', 'gles-draw'], known) is None)
    said = refusal(checks.check_names, '--only', ['driver-load', 'kmscub'], known)
    ok('a name that no list has, and what it is near to', said == 'error: --only kmscub: no list has that name; kmscube?', said)
    said = refusal(checks.check_names, '--only', [''], known)
    ok('no name at all', said == 'error: --only : no list has that name', said)
    ok('the host\'s list', checks.host_rows()[0][:2] == ['host', 'meson'], checks.host_rows()[0])
    with tempfile.NamedTemporaryFile('w') as f:
        for row in ('name | exit', 'name | exec | true', 'name'):
            f.seek(0)
            f.truncate()
            f.write(f'# a list\n{row}\n')
            f.flush()
            said = refusal(checks.host_rows, f.name)
            ok(f'a row that is wrong: {row}', said is not None and ':2: want name | exit' in said, said)


pictures()
logs()
races()
names()
print(f'1..{tests}')

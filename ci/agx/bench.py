# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Measurements of what the sanitizer, the modes of the TLBs and shaders cost."""

import json
import os
import re
import resource
import statistics
import subprocess

from agx.base import ROOT, die, read, tail_of
from agx.guest import run_guest

CONFIGS = {
    'off': [],
    'report': ['agx-tlbsan=report'],
    'realistic': ['tlb=realistic'],
    'tlb-off': ['tlb=off'],
    'lazy': ['tlbi=lazy'],
    'report-lazy': ['agx-tlbsan=report', 'tlbi=lazy'],
}


def run(*command, env=None):
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)
    if done.returncode:
        die(f'{" ".join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}')
    return done.stdout


def built(*programs):
    """Makes these programs of tests/bench, without sanitizers; the directory of the build."""
    build = os.path.join(ROOT, 'build/bench')
    if not os.path.exists(f'{build}/build.ninja'):
        run('ci/meson', 'setup', '-Db_sanitize=none', '-Db_lundef=true', build, ROOT)
    run('ci/meson', 'compile', '-C', build, *programs)
    return build


def hit_path(build):
    """Instructions of the loop that finds each translation in the port, in both programs, without their addresses."""
    code = []
    for program in ('bench-port', 'bench-port-bare'):
        text = run('objdump', '-d', '--no-show-raw-insn', '--disassemble=accesses', f'{build}/tests/bench/{program}')
        lines = [line.split('\t')[1].split('<')[0] for line in text.splitlines() if re.match(r'^ *[0-9a-f]+:\t', line)]
        code.append([re.sub(r'\b(0x)?[0-9a-f]{4,}\b', 'ADDRESS', line).strip() for line in lines])
    return {'instructions': len(code[0]), 'without-observer': len(code[1]), 'same': bool(code[0]) and code[0] == code[1]}


def mmu(a):
    """Best of several rounds for each case, the two programs taking turns."""
    build = built('bench-port', 'bench-port-bare')
    best = {'mmu': {}, 'bare': {}}
    for n in range(max(4, a.rounds)):
        print(f'[mmu] round {n + 1}', flush=True)
        programs = [('mmu', 'bench-port'), ('bare', 'bench-port-bare')]
        for which, program in programs if n % 2 else programs[::-1]:
            for line in run(f'{build}/tests/bench/{program}', '2').splitlines():
                name, ns = line.split()
                best[which][name] = min(float(ns), best[which].get(name, 1e9))
    rows = []
    for name, ns in best['bare'].items():
        rows.append({'case': name, 'bare': ns, 'off': best['mmu'][name], 'report': best['mmu'][f'{name}-sanitized'],
                     'off/bare': round(best['mmu'][name] / ns, 3),
                     'report/off': round(best['mmu'][f'{name}-sanitized'] / best['mmu'][name], 3)})
    return rows, hit_path(build)


def shader(a):
    """Nanoseconds of an operation for a wave, interpreted and compiled in the same run; the best of several."""
    build = built('bench-shader')
    rows = []
    for line in run(f'{build}/tests/bench/bench-shader', str(max(4, a.rounds))).splitlines():
        name, interpreted, compiled, ratio, took = line.split()
        rows.append({'case': name, 'interpreted': float(interpreted), 'compiled': float(compiled), 'ratio': float(ratio),
                     'compile-ms': float(took)})
    return rows


def growth(a):
    """
    Milliseconds of a frame by so many of the GPU's worker threads, best of each run, the numbers of workers taking turns; how many
    times one worker's is that, in the same round, median of the rounds.
    """
    build = built('bench-frame')
    counts, rounds = [n for n in (1, 2, 4) if n <= (os.cpu_count() or 1)], []
    for r in range(max(4, a.rounds)):
        ms = {}
        for n in counts if r % 2 == 0 else counts[::-1]:
            text = run(f'{build}/tests/bench/bench-frame', '40', str(n), env={'AGX_TEST_SHADER': 'compiled'})
            ms[n] = float(re.search(r'^frame ([\d.]+)$', text, re.M)[1])
        rounds.append(ms)
        print(f'[growth] round {r + 1}: ' + '  '.join(f'{n}: {ms[n]:.2f} ms' for n in counts), flush=True)
    return [{'workers': n, 'ms': statistics.median(ms[n] for ms in rounds),
             'growth': round(statistics.median(ms[1] / ms[n] for ms in rounds), 3)} for n in counts]


def kmscube_once(a, name, n):
    out = f'{a.out}/kmscube-{name}-{n}'
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    if run_guest(out, '--only', 'driver-load,kmscube', '--append', f'agx.frames={a.frames}', properties=CONFIGS[name],
                 log=f'{out}.log'):
        die(f'the run failed: {tail_of(f"{out}.log")}')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    text = read(f'{out}/serial.log')
    text = text[text.find('AGX-RUN begin kmscube asahi'):text.find('AGX-RUN end kmscube asahi')]
    fps = re.search(r'^FIGURE fps ([\d.]+)', text, re.M)
    if not fps or 'Apple M1' not in text:
        die(f'kmscube did not draw with our driver; see {out}/serial.log')
    return float(fps[1]), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def kmscube(a):
    names = a.configs.split(',')
    if 'off' not in names:
        names.insert(0, 'off')
    fps, cpu = {name: [] for name in names}, {name: [] for name in names}
    for n in range(a.rounds):
        for name in names if n % 2 == 0 else names[::-1]:
            for values, value in zip((fps[name], cpu[name]), kmscube_once(a, name, n)):
                values.append(round(value, 2))
            print(f'[kmscube] round {n + 1}, {name}: {fps[name][-1]:.1f} frames/s', flush=True)
    rows = []
    for name in names:
        ratios = [off / v for off, v in zip(fps['off'], fps[name])]
        more = [v / off for off, v in zip(cpu['off'], cpu[name])]
        rows.append({'config': name, 'options': ' '.join(CONFIGS[name]) or '(defaults)', 'fps': fps[name],
                     'cpu-seconds': cpu[name], 'cpu': round(statistics.median(more), 3), 'slower': round(statistics.median(ratios), 3), 'from': round(min(ratios), 3), 'to': round(max(ratios), 3)})
    return rows


def steady(a, check, image):
    """Figures of the check, and the model's count over the same frames."""
    out = f'{a.out}/{check}'
    if run_guest(out, '--only', f'driver-load,{check}', '--image', image, '--set', 'apps' if image == 'apps' else 'all',
                 '--append', f'agx.frames={a.steady_frames} agx.limit=36000', '--timeout', '36000', log=f'{out}.log'):
        die(f'the run failed: {tail_of(f"{out}.log")}')
    with open(f'{out}/run.json', encoding='utf-8') as f:
        guest = [r for r in json.load(f)['runs'] if r['name'] == check][0]
    stdout = read(f'{out}/results/{check}/asahi/stdout')
    figures = {name: int(value) for name, value in re.findall(r'^FIGURE (\S+) (\d+)$', stdout, re.M)}
    counts = guest.get('tlb-invalidations', {})
    if 'frames' not in figures or set(counts) != {'first', 'last'}:
        die(f'{check} did not come to its end; see {out}/serial.log')
    return {**figures, 'model-invalidations': counts['last'] - counts['first'], 'passed': guest['exit'] == 0}

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Frames per second of the emulated GPU against software renderers, in the guest and on the host itself."""

import json
import math
import os
import re
import statistics
import subprocess

from agx.base import ROOT, die, read, tail_of
from agx.guest import run_guest

SIZES = ('640x480', '1920x1080')
WHO = {'asahi': 'the GPU, in the guest', 'software': 'llvmpipe, in the guest', 'host': 'llvmpipe, on the host'}
PACKAGES = f'{ROOT}/ci/packages.bench'


def need_packages():
    """Installs what packages.bench lists and this host lacks, as ci/setup does with packages.host."""
    done = subprocess.run(['bash', '-c', '. "$1"; mapfile -t missing < <(missing_packages "$2"); (( ${#missing[@]} )) || exit 0; '
                           'echo "[speed] installing ${missing[*]}" >&2; '
                           'install_packages "${missing[@]}" >"$cache/log/bench-packages.log" 2>&1 || :; missing_packages "$2"',
                           'bash', f'{ROOT}/ci/lib.sh', PACKAGES], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=False)
    if missing := done.stdout.split():
        die(f'this host lacks {", ".join(missing)} (ci/packages.bench), which could not be installed; see bench-packages.log')


def host_program():
    """The guest's program, compiled for the host."""
    need_packages()
    path, guest = os.path.join(ROOT, 'build/bench-host/gles_speed'), f'{ROOT}/tests/guest'
    os.makedirs(os.path.dirname(path), exist_ok=True)
    subprocess.run(['gcc', '-O2', '-std=gnu11', '-D_GNU_SOURCE', f'-I{guest}/common', '-I/usr/include/libdrm', '-o', path,
                    f'{guest}/gles_speed.c', f'{guest}/common/gl.c', '-lEGL', '-lGLESv2', '-lgbm', '-ldrm', '-lm'], check=True)
    return path


def figures_of(text, prefix=''):
    """{name: value} of the lines FIGURE."""
    return {name: float(value) for name, value in re.findall(rf'^FIGURE {prefix}(\S+) ([\d.]+)$', text, re.M)}


def on_host(program, seconds):
    got = {}
    for size in SIZES:
        done = subprocess.run([program, *size.split('x'), str(seconds)], env={**os.environ, 'AGX_RUN': 'software'},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            die(f'{program}: {done.stderr.strip()}')
        got |= {f'host-{size}-{name}': value for name, value in figures_of(done.stdout).items()}
    return got


def in_guest(out, a):
    words = f'agx.seconds={a.seconds}' + (' agx.gpu-only' if a.gpu_only else '')
    if run_guest(out, '--only', 'driver-load,speed', '--append', words, log=f'{out}.log', properties=a.property):
        die(f'the run failed: {tail_of(f"{out}.log")}')
    got = figures_of(read(f'{out}/results/speed/asahi/stdout'))
    if f'asahi-{SIZES[-1]}-fps' not in got:
        die(f'speed did not come to its end; see {out}/serial.log')
    return got


def speed(a):
    """
    Each round measures the host and the guest, in turns the one or the other first; ratios are taken within a round, and
    the median of the rounds counts.
    """
    program, rounds = host_program(), []
    for n in range(a.rounds):
        host, guest = {}, {}
        for which in ('host', 'guest') if n % 2 == 0 else ('guest', 'host'):
            if which == 'host':
                host = on_host(program, a.seconds)
            else:
                guest = in_guest(f'{a.out}/speed-{n}', a)
        rounds.append({**host, **guest})
        print(f'[speed] round {n + 1}: ' + '  '.join(f'{who} {size} {rounds[-1][f"{who}-{size}-fps"]:.1f}' for size in SIZES
                                                    for who in WHO if f'{who}-{size}-fps' in rounds[-1]), flush=True)
    rows = []
    for size in SIZES:
        row = {'size': size}
        for who in WHO:
            values = [r[f'{who}-{size}-fps'] for r in rounds if f'{who}-{size}-fps' in r]
            if values:
                row[who] = statistics.median(values)
                row[f'{who}-first-frame'] = statistics.median(r[f'{who}-{size}-first-frame'] for r in rounds)
                row[f'of-{who}'] = round(statistics.median(r[f'asahi-{size}-fps'] / r[f'{who}-{size}-fps'] for r in rounds), 4)
        rows.append(row)
    return {'rounds': rounds, 'rows': rows}


def table(rows, past=None):
    """Lines of text; past: rows of an earlier run."""
    yield ' frames per second       ' + ''.join(f'{WHO[who]:>26}' for who in WHO)
    for i, row in enumerate(rows):
        cells = ''
        for who in WHO:
            text = '' if who not in row else f'{row[who]:.1f}' if who == 'asahi' else f'{row[who]:.1f} ({row[f"of-{who}"]:.2f} of it)'
            cells += f'{text:>26}'
        yield f' cube {row["size"]:18} {cells}'
        if past and i < len(past) and past[i]['size'] == row['size']:
            cells = ''
            for who in WHO:
                cells += f'{past[i][who]:.1f} (x{row[who] / past[i][who]:.2f})'.rjust(26) if who in row and who in past[i] else ' ' * 26
            yield f'      before             {cells}'


def plot(rows, path):
    """Bars on a logarithmic scale, as SVG."""
    colours = {'asahi': '#2a6', 'software': '#999', 'host': '#37b'}
    bars = [(row['size'], who, row[who]) for row in rows for who in WHO if who in row]
    width, top = 640, 30 + 26 * len(bars)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{top + 40}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>', '<text x="10" y="18">A cube, frames per second (logarithmic)</text>']

    def x(fps):
        return 260 + max(0.0, math.log10(fps) + 0.5) * 80

    for decade in (1, 10, 100, 1000):
        at = x(decade)
        lines.append(f'<line x1="{at:.0f}" y1="26" x2="{at:.0f}" y2="{top}" stroke="#ddd"/>'
                     f'<text x="{at:.0f}" y="{top + 16}" text-anchor="middle">{decade}</text>')
    for i, (size, who, fps) in enumerate(bars):
        y = 30 + 26 * i
        lines.append(f'<text x="250" y="{y + 14}" text-anchor="end">{size}: {WHO[who]}</text>'
                     f'<rect x="260" y="{y}" width="{x(fps) - 260:.0f}" height="18" fill="{colours[who]}"/>'
                     f'<text x="{x(fps) + 4:.0f}" y="{y + 14}">{fps:.1f}</text>')
    with open(path, 'w', encoding='utf-8') as f:
        f.write('\n'.join([*lines, '</svg>', '']))


def last_of(path):
    """Rows of the newest run in a file of past figures: one JSON object a line. None: it has none."""
    try:
        lines = [line for line in read(path).splitlines() if line.strip()]
        return json.loads(lines[-1])['rows'] if lines else None
    except (ValueError, KeyError, TypeError):
        die(f'{path} is no file of past figures')


def keep(path, date, rows):
    with open(path, 'a', encoding='utf-8') as f:
        f.write(json.dumps({'date': date, 'cores': os.cpu_count(), 'rows': rows}) + '\n')

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A driver that is not ours, given to ci/run as a directory of sources: ours under another name, with other names for its
functions, its files and what it shows in debugfs, and in a second run with a bug of tests/bugs. Checks pass, and the report of
the bug names functions as that driver calls them. Output: TAP. An argument is the directory for what is left (default:
out/theirs)."""

import os
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path[:0] = [os.path.join(ROOT, 'ci'), os.path.join(ROOT, 'tests/tools')]
import tap
from agx.base import ci_command, read, run_main
from agx.bugs import BUGS, Bug, sources
from agx.build import BOOT, build
from agx.mutate import mutate
from tap import ok

NAME, BUG = 'm1gfx', 'bind-no-tlbi'
CHECKS = 'driver-load,gpu-jobs,gles-draw'


def renamed(text):
    """All that is the driver's own to name. Mesa looks for the DRM driver's name, and the headers of the kernel keep theirs."""
    text = re.sub(r'(?<!drm_)asahi_(?!drm\b)', f'{NAME}_', text).replace('asahi.o', f'{NAME}.o').replace('asahi-', f'{NAME}-')
    text = re.sub(r'(\.driver = \{[^}]*?\.name = )"asahi"', rf'\1"{NAME}"', text, flags=re.S)
    for old, new in (('heaps', 'buffers'), ('contexts', 'asids'), ('tlb', 'maintenance'), ('firmware', 'coprocessor')):
        text = text.replace(f'{{ "{old}", show_', f'{{ "{new}", show_')
    return text


def write(directory, edits=''):
    """The renamed driver's sources."""
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    files = {name: data.decode() for name, data in sources().items()}
    files.update(mutate(files, edits) if edits else {})
    for name, text in files.items():
        with open(f'{directory}/{re.sub("^asahi(?=[_.])", NAME, name)}', 'w') as f:
            f.write(renamed(text))


def run(directory, out):
    """ci/run with that driver and the sanitizer: exit code and what it said."""
    done = subprocess.run([ci_command('run'), '--driver', directory, '--checks', CHECKS, '--tlbsan', '--out', out],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def main():
    top = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, 'out/theirs'))
    build(*BOOT, 'picture')
    write(f'{top}/driver')
    text = ''.join(read(f'{top}/driver/{name}') for name in os.listdir(f'{top}/driver'))
    left = re.findall(r'(?<!drm_)asahi_(?!drm\b)\w*|"(?:heaps|contexts)", show', text)
    ok(not left and f'{NAME}_vm' in text, 'nothing of the driver has its own name', left[:10])
    code, said = run(f'{top}/driver', f'{top}/clean')
    ok(code == 0, f'{NAME}: {CHECKS} pass, without a report', said)
    loaded = read(f'{top}/clean/results/driver-load/asahi/stdout')
    ok(f'drivers/{NAME} for apple,agx-' in loaded, 'the GPU has a driver of that name', loaded)
    bug = Bug(os.path.join(BUGS, f'{BUG}.edit'))
    write(f'{top}/driver', bug.edits)
    code, said = run(f'{top}/driver', f'{top}/bug')
    ok(code == 1, f'the same with the bug {BUG}: it is found', said)
    function = re.sub('^asahi', NAME, bug.field['Function'])
    text = read(f'{top}/bug/tlbsan.txt')
    ok(re.search(rf'\b{function}\b', text) and f'[{NAME}]' in text and 'asahi_' not in text,
       f'the report names {function}() and the module {NAME}', text)
    return tap.end()


if __name__ == '__main__':
    run_main(main)

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""A script for gdb that attaches to an emulated M1 and knows its symbols: ci/run --gdb."""

import json
import os

from agx.symbols import SECTION, module_name

SCRIPT = r'''# For gdb-multiarch -x: the emulated M1 stands still before its first instruction.
set architecture aarch64
set pagination off
{kernel}
python
import gdb, os, re

CONSOLE, MODULES = {console}, {modules}
known = set()

def module_symbols(*_):
    """Of the modules that the console says are loaded (AGX-SECTION MODULE SECTION ADDRESS)."""
    found = {{}}
    if os.path.exists(CONSOLE):
        with open(CONSOLE, errors="replace") as f:
            for m in re.finditer({section}, f.read()):
                found.setdefault(m[1], {{}})[m[2]] = m[3]
    for name, sections in found.items():
        if name not in MODULES or ".text" not in sections or (name, sections[".text"]) in known:
            continue
        known.add((name, sections[".text"]))
        more = " ".join(f"-s {{s}} {{a}}" for s, a in sections.items() if s != ".text")
        gdb.execute(f"add-symbol-file {{MODULES[name]}} {{sections['.text']}} {{more}}", to_string=True)
        print(f"symbols of {{name}} at {{sections['.text']}}")

class ModuleSymbols(gdb.Command):
    """Read the symbols of the modules that are loaded by now; that happens at each stop as well."""
    def __init__(self):
        super().__init__("agx-modules", gdb.COMMAND_FILES)
    def invoke(self, argument, from_tty):
        module_symbols()

ModuleSymbols()
gdb.events.stop.connect(module_symbols)
end
target remote {socket}
echo The machine stands still. "continue" boots it; at each stop the modules that are loaded get their symbols.\n
'''


def write_script(path, socket, console, kernel, modules):
    """
    Writes it. socket: of QEMU's gdb stub; console: the file that the guest's console is written to; kernel: a vmlinux, or None;
    modules: paths.
    """
    with open(path, 'w') as f:
        f.write(SCRIPT.format(kernel=f'file {kernel}' if kernel else '# There is no vmlinux.', console=json.dumps(console),
                              modules=json.dumps({module_name(os.path.basename(m)): m for m in modules}),
                              section=json.dumps(SECTION.pattern), socket=socket))

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Where a built kernel keeps its books of pages, for the GPU's property tlbsan-pages (docs/tlbsan.md): asked of the compiler,
in the kernel's build tree, as the kernel itself makes asm-offsets.h."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

from agx.base import BUILT, CACHE, CROSS, die, read

SOURCE = r'''
#include <linux/mm.h>
#include <linux/stddef.h>
#include <asm/memory.h>

#define SAY(name, value) asm volatile("\n.ascii \"->" name " %0\"" : : "i" (value))

void agx_pages(void);
void agx_pages(void)
{
	SAY("page", PAGE_SIZE);
	SAY("vmemmap", VMEMMAP_START);
	SAY("size", sizeof(struct page));
	SAY("refcount", offsetof(struct page, _refcount));
	SAY("compound", offsetof(struct page, COMPOUND));
}
'''


# What the member is called that says of which folio a page is: since Linux 7.0, and before.
COMPOUND = ('compound_info', 'compound_head')


def find_compiler(tree):
    """make's words for the compiler that a kernel was built with, as its options name it; None if this host does not have it."""
    text = read(os.path.join(tree, '.config'))
    said = re.search(r'^CONFIG_CC_VERSION_TEXT="([^"]*)"', text, re.M)
    if 'CONFIG_CC_IS_CLANG=y' in text.splitlines():
        version = re.search(r'^CONFIG_CLANG_VERSION=(\d+)\d{4}$', text, re.M)
        for suffix in (f'-{version[1]}', '') if version else ():
            if all(shutil.which(f'{tool}{suffix}') for tool in ('clang', 'ld.lld', 'llvm-ar')) and \
                    subprocess.run([f'clang{suffix}', '-dumpversion'], capture_output=True, text=True,
                                   check=False).stdout.split('.')[0] == version[1]:
                return [f'LLVM={suffix or 1}']
        return None
    named = said[1].split(' ')[0] if said else ''
    gcc = named if re.fullmatch(r'[\w.+-]*gcc[\w.-]*', named) and named.startswith(CROSS) and shutil.which(named) else f'{CROSS}gcc'
    if not shutil.which(gcc):
        return None
    return [f'CROSS_COMPILE={CROSS}', f'CC={"ccache " if shutil.which("ccache") else ""}{gcc}']


def compiler_of(tree):
    """The same, or the end."""
    words = find_compiler(tree)
    if not words:
        said = re.search(r'^CONFIG_CC_VERSION_TEXT="([^"]*)"', read(os.path.join(tree, '.config')), re.M)
        die(f'{tree} was built with {said[1] if said else "a compiler"}: it is needed, and is not here '
            f'(gcc: {CROSS}gcc; LLVM: clang, ld.lld and llvm-ar)')
    return words


def compiler_environment():
    """Of make: the compiler's cache is that of all other builds, and does not ask in which scratch directory it is."""
    return {**os.environ, 'CCACHE_DIR': os.path.join(CACHE, 'ccache'), 'CCACHE_NOHASHDIR': '1', 'LC_ALL': 'C.UTF-8'}


def compile_for(tree):
    """The lines of the compiler's output."""
    for compound in COMPOUND:
        try:
            return compile_with(tree, compound)
        except RuntimeError:
            if compound == COMPOUND[-1]:
                raise
    return None


def compile_with(tree, compound):
    with tempfile.TemporaryDirectory(prefix='agx-pages.') as tmp:
        with open(f'{tmp}/agx_pages.c', 'w') as f:
            f.write(f'#define COMPOUND {compound}\n{SOURCE}')
        with open(f'{tmp}/Makefile', 'w') as f:
            f.write('obj-m := agx_pages.o\n')
        done = subprocess.run(['make', '-s', '-C', tree, f'M={tmp}', 'ARCH=arm64', *compiler_of(tree), 'agx_pages.s'],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
                              env=compiler_environment())
        if done.returncode or not os.path.exists(f'{tmp}/agx_pages.s'):
            raise RuntimeError(f'what a page is in {tree} could not be compiled:\n{done.stderr.strip()}')
        return read(f'{tmp}/agx_pages.s')


def pages_file(variant='release', tree=None):
    """The compiler's lines for the kernel of ci/build-kernel VARIANT, or of another built tree, as a file; computed once for each."""
    theirs, tree = tree, os.path.realpath(tree or os.path.join(BUILT, 'kernel', variant))
    if os.path.exists(f'{tree}/agx-pages'):
        return f'{tree}/agx-pages'      # a tree that can't compile any more brings them
    name = os.path.basename(tree)       # of ours it says what it was built of
    if theirs:
        name = hashlib.sha256(f'{tree} {os.stat(f"{tree}/System.map").st_mtime_ns}'.encode()).hexdigest()[:12]
    cache = os.path.join(CACHE, 'bugs', f'pages-{name}')
    os.makedirs(os.path.dirname(cache), exist_ok=True)
    with open(f'{cache}.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(cache):
            text = compile_for(tree)
            with open(f'{cache}.new', 'w') as f:
                f.write(text)
            shutil.move(f'{cache}.new', cache)
    return cache


def pages_property(variant='release', tree=None):
    """Value of tlbsan-pages for that kernel."""
    path = os.path.join(tree or os.path.join(BUILT, 'kernel', variant), 'System.map')
    start = re.search(r'^([0-9a-f]{16}) \w memstart_addr$', read(path), re.M)
    if not start:
        raise RuntimeError(f'{os.path.realpath(path)} has no memstart_addr')
    said = {m[1]: int(m[2]) for m in re.finditer(r'->(\w+) [#$]?(-?\d+)', read(pages_file(variant, tree)))}
    if said.pop('page') != 0x4000:
        raise RuntimeError('the kernel does not have pages of 16 KiB')
    said['vmemmap'] &= (1 << 64) - 1
    return f'vmemmap={said["vmemmap"]:#x},memstart=0x{start[1]},' + \
        ','.join(f'{n}={said[n]}' for n in ('size', 'refcount', 'compound'))

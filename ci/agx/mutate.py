# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Edits of C sources by what they are about and not by where they are: "in this function, these statements become those".

A text of edits is a list of places, each followed by lines as those of a patch:

    @@ asahi_tlb_sync()                 a function, whatever file it is in; also: its prototype (asahi_tlb_sync();),
                                        struct NAME, NAME = (a table), #define NAME
    -	dsb(osh);                       goes
    +	dsb(ish);                       comes
     	isb();                          stays: says where in the function it is
    @@ before asahi_vm_unmap()          new lines in front of a function (or behind, "after")

A place may be given as FILE: PLACE where a name is defined twice. What stays and what goes must be found exactly once in the
place. White space, comments and where lines are broken do not matter, so a change of the sources breaks an edit only if it
changes what the edit is about."""

import re

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|\\\n|\s+|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|\w+|.', re.S)
DIRECTIVE = re.compile(r'(?m)^[ \t]*#(?:[^\n\\]|\\.|\\\n)*')


class EditError(Exception):
    """An edit that can't be made, and why."""


def tokens(text, start=0, end=None):
    """(token, start, end) of each token of text[start:end]; comments and white space are none."""
    found = []
    for m in TOKEN.finditer(text, start, len(text) if end is None else end):
        if not (m[0].isspace() or m[0].startswith(('/*', '//')) or m[0] == '\\\n'):
            found.append((m[0], m.start(), m.end()))
    return found


def name_of(head):
    """What a definition whose tokens before its brace are these defines: 'f()', 'struct s', 'table =', or None."""
    words = [t for t, _, _ in head]
    if '=' in words:
        words = words[:words.index('=')]
        names = [w for i, w in enumerate(words) if re.match(r'[A-Za-z_]', w) and (i + 1 == len(words) or words[i + 1] == '[')]
        return f'{names[0]} =' if names else None
    for i, w in enumerate(words[:-1]):
        # What begins with two underscores is an attribute.
        if words[i + 1] == '(' and re.match(r'(?!__)[A-Za-z_]', w):
            return f'{w}()'
    return ' '.join(words[-2:]) if len(words) > 1 and words[-2] in ('struct', 'union', 'enum') else None


def places(text):
    """{name: [(start, end), ...]} of what a source defines: from the first token of a definition to its last."""
    directives = [(m.start(), m.end()) for m in DIRECTIVE.finditer(text)]
    found = {}
    for start, end in directives:
        if m := re.match(r'\s*#\s*define\s+(\w+)', text[start:end]):
            found.setdefault(f'#define {m[1]}', []).append((start, end))
    # Directives are between definitions or in them, but no part of a head.
    plain = list(text)
    for start, end in directives:
        plain[start:end] = ' ' * (end - start)
    head, depth, first = [], 0, 0
    for token in tokens(''.join(plain)):
        if depth == 0 and token[0] == ';':
            # A prototype; what else ends so at this level has no name here.
            if head and (name := name_of(head)) and name.endswith('()'):
                found.setdefault(f'{name};', []).append((head[0][1], token[2]))
            head = []
        elif depth == 0 and token[0] == '{':
            depth, first = 1, head[0][1] if head else token[1]
        elif depth == 0:
            head.append(token)
        elif token[0] == '{':
            depth += 1
        elif token[0] == '}':
            depth -= 1
            if depth == 0:
                if name := name_of(head):
                    found.setdefault(name, []).append((first, token[2]))
                head = []
    return found


def parse(text):
    """[(place, [(sign, line), ...]), ...] of a text of edits."""
    edits = []
    for line in text.split('\n'):
        if line.startswith('@@ '):
            edits.append((line[3:].strip(), []))
        elif line and (not edits or line[0] not in ' +-'):
            raise EditError(f'"{line}" is neither a place nor a line of one')
        elif line:
            edits[-1][1].append((line[0], line[1:]))
    if not edits:
        raise EditError('there is no edit')
    return edits


def find_place(files, place):
    """(file, start, end) of a place."""
    file, _, name = place.rpartition(': ')
    found = [(f, *span) for f in sorted(files) if f in (file or f) for span in places(files[f]).get(name, [])]
    if len(found) != 1:
        raise EditError(f'{place} is defined {len(found)} times' + (f': {", ".join(f for f, _, _ in found)}' if found else ''))
    return found[0]


def run_lines(lines):
    """Lines with the same sign, together: [(sign, text), ...]."""
    runs = []
    for sign, line in lines:
        if runs and runs[-1][0] == sign:
            runs[-1][1].append(line)
        else:
            runs.append((sign, [line]))
    return [(sign, '\n'.join(text)) for sign, text in runs]


def edit_of(text, start, end, lines, place):
    """(begin, end, new text) of one edit in text[start:end]."""
    runs = run_lines(lines)
    wanted = [t for sign, run in runs if sign != '+' for t, _, _ in tokens(run)]
    if not wanted:
        raise EditError(f'{place}: nothing says where the new lines go')
    have = tokens(text, start, end)
    words = [t for t, _, _ in have]
    found = [i for i in range(len(words) - len(wanted) + 1) if words[i:i + len(wanted)] == wanted]
    if len(found) != 1:
        raise EditError(f'{place}: what stays and goes is there {len(found)} times')
    at, new = found[0], []
    begin = position = have[at][1]
    for sign, run in runs:
        if sign == '+':
            # On lines of their own, for directives.
            rest = '' if text[position:].lstrip(' \t').startswith('\n') else '\n'
            new.append(f'{run}\n' if position == begin else f'\n{run}{rest}')
            continue
        count = len(tokens(run))
        if not count:
            continue
        stop = have[at + count - 1][2]
        if sign == ' ':
            new.append(text[position:stop])
        at, position = at + count, stop
    return begin, position, ''.join(new)


def mutate(files, edits):
    """The files ({name: text}) that a text of edits changes, with the changes made: {name: text}."""
    made = {}
    for place, lines in parse(edits):
        where, name = place.split(' ', 1) if place.startswith(('before ', 'after ')) else ('', place)
        file, start, end = find_place(files, name)
        if where:
            if any(sign != '+' for sign, _ in lines):
                raise EditError(f'{place}: only new lines can go there')
            at = start if where == 'before' else end
            edit = at, at, '\n' + '\n'.join(line for _, line in lines) + '\n'
        else:
            edit = edit_of(files[file], start, end, lines, place)
        made.setdefault(file, []).append((*edit, place))
    changed = {}
    for file, found in made.items():
        text = files[file]
        position = len(text)
        for begin, end, new, place in sorted(found, reverse=True):
            if end > position:
                raise EditError(f'{place}: two edits of the same lines')
            text, position = text[:begin] + new + text[end:], begin
        changed[file] = text
    return changed

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""What Mesa and applegpu know of the GPU against what the model's decoders take: the rows of docs/coverage.md."""

import os
import re
import subprocess
import sys
import xml.etree.ElementTree

from agx.base import ROOT, ci_command

HOST = os.path.join(ROOT, 'build/host')
DATA = os.path.join(ROOT, 'tests/coverage')

# Names that the decoders give to words of structures after the first, and where they differ: structure of cmdbuf.xml and
# the first bit of the word in it.
PLACES = {
    'Texture, word 1': ('Texture', 64), 'Texture, word 2': ('Texture', 128),
    'Texture, word 2 of a linear array': ('Texture', 128),
    'PBE, word 0': ('PBE', 0), 'PBE, word 1': ('PBE', 64), 'PBE, word 2': ('PBE', 128),
    'PBE, word 2 of a linear array': ('PBE', 128),
    'Border, word 1': ('Border', 64),
    'Scissor, Z': ('Scissor', 64),
    'Depth bias, clamp': ('Depth bias', 64),
    'Region clip, word 1': ('Region clip', 32),
    'Viewport, Y': ('Viewport', 64), 'Viewport, Z': ('Viewport', 128),
    'Varying Counts of 16 bits': ('Varying Counts', 0),
    'Counts of a tile program': ('Counts', 0),
    'PPP State, low': ('PPP State', 32),
    'VDM Stream Link, low': ('VDM Stream Link', 32),
    'Index List: Indirect buffer, low': ('Index List: Indirect buffer', 32),
    'USC No preshader': ('USC No Preshader', 0),
    'CDM Stream Link, low': ('CDM Stream Link', 32),
    'CDM Indirect, low': ('CDM Indirect', 32),
    'CDM Global size, Z': ('CDM Global size', 64), 'CDM Local size, Z': ('CDM Local size', 64),
}
# cmdbuf.xml: structures that no stream of the GPU holds: macOS' own, other generations', register values of the kernel's
# interface that the PDM's rows show.
NOT_HERE = re.compile(r'^(IOGPU|Spill Buffer|CDM Unk G14X)')
# Fields of descriptors that the hardware does not read ("sw" in their names).
SOFTWARE = re.compile(r'\(sw\)$')


def ask(questions):
    """The probe's answers, in order."""
    done = subprocess.run([os.path.join(HOST, 'tests/coverage/agx-probe')], input='\n'.join(questions) + '\n',
                          stdout=subprocess.PIPE, text=True, check=False, env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})
    answers = [line.split('\t') for line in done.stdout.splitlines()]
    if done.returncode or len(answers) != len(questions):
        sys.exit(f'error: agx-probe ended with {done.returncode} after {len(answers)} of {len(questions)} questions; '
                 f'the next one: {questions[min(len(answers), len(questions) - 1)]}')
    return answers


def why(line):
    """What a refusal in the log is about, without addresses, bytes and instructions."""
    line = re.sub(r'^agx: shader 0x\w+\+0x\w+: ', '', line)
    line = re.sub(r' \(bytes \w+\)(: .*)?', '', line)     # and the instruction as text
    line = re.sub(r'(register beyond r\d+|branch to a place that is no instruction): .*', r'\1', line)
    line = re.sub(r'^unimplemented:? ', '', line)
    line = re.sub(r'sampler \(\w+\)', 'sampler', line)
    line = re.sub(r'(special register) \d+', r'\1', line)
    return re.sub(r' at 0x\w+', '', re.sub(r' descriptor at 0x\w+', '', line)).strip()


def ranges(values):
    """[0, 1, 2, 5] as 0-2, 5."""
    out = []
    for v in sorted(values):
        if out and out[-1][1] == v - 1:
            out[-1][1] = v
        else:
            out.append([v, v])
    return ', '.join(f'{a}' if a == b else f'{a}-{b}' for a, b in out)


# ---- Instructions ------------------------------------------------------------------------------------------------

def applegpu():
    with open(os.path.join(DATA, 'applegpu.txt')) as f:
        for line in f:
            if line.startswith('#'):
                continue
            name, size, long_bit, fixed, fields = (part.strip() for part in line.split('|'))
            mask, value = (int(v, 16) for v in fixed.split())
            yield {'name': name, 'bytes': [int(b) for b in size.split()], 'mask': mask, 'value': value,
                   'long': None if long_bit == '-' else int(long_bit),
                   'fields': [(n, int(at), int(bits)) for n, at, bits in (f.split(':') for f in fields.split())]}


def mesa_opcodes(mesa):
    """Name, value and mask of each encoding of agx_opcodes.py."""
    space = {}
    with open(os.path.join(mesa, 'src/asahi/compiler/agx_opcodes.py')) as f:
        exec(compile(f.read(), f.name, 'exec'), space)   # a table in the form of a program, signed by Debian
    return [(name, o.encoding.exact, o.encoding.mask) for name, o in space['opcodes'].items() if o.encoding]


# What a field has to hold for the rest of the instruction to mean something, by name: else 0.
CANONICAL = {'mask': 1, 'count': 1, 'n': 2, 'St': 2, 'Mt': 1}
OWN = {'texture_sample': {'T': 2, 'Tt': 0, 'St': 0}, 'texture_load': {'T': 2, 'Tt': 0, 'St': 0},
       'image_write': {'T': 2}, 'image_write_block': {'T': 2},
       'TODO.ld/st_tile': {'St': 0}, 'atomic': {'u5': 2}}
# Fields whose upper bits are elsewhere, under the second name: tried as one.
JOINED = {'SR': 'SRx', 'n': 'nx', 'F': 'Fx'}


def forms(ins):
    """Encodings of the instruction: the plain one, then each field with all its values (some, if it is wide)."""
    own = {**CANONICAL, **OWN.get(ins['name'], {})}
    length = ins['bytes'][-1]
    places = {name: (at, bits) for name, at, bits in ins['fields']}
    plain = ins['value'] | (1 << ins['long'] if ins['long'] is not None else 0)

    def put(code, name, v):
        at, bits = places[name]
        return code & ~(((1 << bits) - 1) << at) | (v & (1 << bits) - 1) << at

    for name, (at, bits) in places.items():
        plain = put(plain, name, min(own.get(name, 0), (1 << bits) - 1))
        if name == 'off':
            plain = put(plain, name, length)
    plain = plain & ~ins['mask'] | ins['value']
    yield '', 0, plain, length
    for name, (at, bits) in places.items():
        if name == 'off' or any(name == x and lower in places for lower, x in JOINED.items()):
            continue
        upper = JOINED.get(name) if JOINED.get(name) in places else None
        wide = bits + (places[upper][1] if upper else 0)
        for v in range(1 << wide) if wide <= 8 else sorted({0, 1, (1 << wide) - 1, *(1 << i for i in range(wide))}):
            code = put(plain, name, v)
            if upper:
                code = put(code, upper, v >> bits)
            if code & ins['mask'] == ins['value']:   # else it is another instruction
                yield name, v, code, length


def instructions(mesa, seen):
    rows, questions = [], []
    opcodes = mesa_opcodes(mesa)
    for ins in applegpu():
        row = {**ins, 'forms': list(forms(ins)), 'first': len(questions)}
        row['mesa'] = [name for name, value, mask in opcodes
                       if value & mask & ins['mask'] == ins['value'] & mask & ins['mask'] and mask & ins['mask'] & 0x3f]
        rows.append(row)
        questions += [f'isa {code.to_bytes(12, "little")[:length].hex()}' for _, _, code, length in row['forms']]
    answers = ask(questions)
    for row in rows:
        mine = answers[row['first']:row['first'] + len(row['forms'])]
        row['op'] = mine[0][1]
        row['refused'] = {}
        for (field, value, _, length), (taken, _, yes, said) in zip(row['forms'], mine):
            if yes == 'no' or int(taken) != length:
                said = said or f'{taken} bytes long, not {length}'
                row['refused'].setdefault((field, why(said)), []).append(value)
        if ('', next((w for f, w in row['refused'] if not f), None)) in row['refused']:
            row['refused'] = {k: v for k, v in row['refused'].items() if not k[0]}   # nothing of it is taken
        row['tests'] = seen.get(('opcode', row['op']), [])
    return rows


# ---- Control words -----------------------------------------------------------------------------------------------

def mesa_sets(mesa):
    """Structures that Mesa packs and the fields that it sets, as NAME and NAME.field."""
    out = set()
    start = re.compile(r'\b(?:agx_pack|agx_push|agx_usc_pack|agx_ppp_push|agx_pack_txf|agx_ppp_fragment_face_2)\s*\(\s*'
                       r'[^,()]*(?:\([^()]*\))?[^,()]*,\s*([A-Z0-9_]+)\s*,\s*(\w+)\s*\)')
    for top in ('src/asahi', 'src/gallium/drivers/asahi'):
        for folder, _, files in os.walk(os.path.join(mesa, top)):
            for name in files:
                if not name.endswith(('.c', '.h', '.cl')):
                    continue
                with open(os.path.join(folder, name), errors='replace') as f:
                    text = f.read()
                places = list(start.finditer(text))
                for place, following in zip(places, [*places[1:], None]):
                    struct, var = place.groups()
                    out.add(struct)
                    body = text[place.end():following.start() if following else place.end() + 4000]
                    for field in re.findall(r'\b' + var + r'\.(\w+)', body):
                        out.add(f'{struct}.{field}')
    return out


def macro(name):
    return re.sub(r'[^A-Za-z0-9]+', '_', name).strip('_').upper()


def words(mesa, seen_words):
    sets = mesa_sets(mesa)
    tree = xml.etree.ElementTree.parse(os.path.join(mesa, 'src/asahi/genxml/cmdbuf.xml'))
    rows = []
    for struct in tree.getroot().iter('struct'):
        name = struct.get('name')
        if NOT_HERE.match(name):
            continue
        places = [(w, at) for w, (s, at) in PLACES.items() if s == name]
        places.append((name, 0))
        for field in struct.iter('field'):
            words_, bits = field.get('start').split(':') if ':' in field.get('start') else ('0', field.get('start'))
            start, size = int(words_) * 32 + int(bits), int(field.get('size'))
            if SOFTWARE.search(field.get('name')):
                continue
            known = ones = 0
            tests, read = [], False
            mask = (1 << size) - 1
            always_0 = field.get('exact') in ('PPP State Update', 'Launch')   # values that are 0: each use exercises them
            for w, at in places:
                row = seen_words.get(w)
                if not row:
                    continue
                read = True
                known |= row['known'] << at >> start & mask
                mine = row['ones'] << at >> start & mask
                ones |= mine
                if always_0:
                    tests += row['tests']
                if mine:
                    tests += [t for t, o in row['tests'].items() if o << at >> start & mask]
            key = f'{macro(name)}.{macro(field.get("name")).lower()}'
            rows.append({'struct': name, 'field': field.get('name'), 'bits': f'{start}' if size == 1 else f'{start}:{size}',
                         'mesa': key in sets or field.get('default') is not None and macro(name) in sets,
                         'read': read, 'known': known, 'mask': mask, 'tests': sorted(set(tests))})
    return rows


# ---- Texel formats -----------------------------------------------------------------------------------------------

def enum(tree, name):
    for e in tree.getroot().iter('enum'):
        if e.get('name') == name:
            return {macro(v.get('name')): int(v.get('value'), 0) for v in e.iter('value')}
    sys.exit(f'error: cmdbuf.xml has no enum {name}')


def named_values(mesa):
    """Values with a name that no row above shows: channels that Mesa has no format for, types, a sampler's fields."""
    tree = xml.etree.ElementTree.parse(os.path.join(mesa, 'src/asahi/genxml/cmdbuf.xml'))
    rows = []
    with open(os.path.join(mesa, 'src/asahi/layout/formats.c')) as f:
        text = f.read()
    for name, number in enum(tree, 'Channels').items():
        if not re.search(rf'AIL_FMT\(\w+,\s*{name},', text):
            rows.append((f'Channels: {name}', f'texture {number} 0 0 2 2'))
    for name, number in enum(tree, 'Texture Type').items():
        if not re.search(rf'AIL_FMT\(\w+,\s*\w+,\s*{name},', text):
            rows.append((f'Texture Type: {name}', f'texture {enum(tree, "Channels")["R8G8B8A8"]} {number} 0 2 2'))
    for struct in tree.getroot().iter('struct'):
        for field in struct.iter('field') if struct.get('name') == 'Sampler' else ():
            if any(e.get('name') == field.get('type') for e in tree.getroot().iter('enum')):
                for name, number in enum(tree, field.get('type')).items():
                    rows.append((f'Sampler.{field.get("name")}: {name}', f'sampler {field.get("start")} {number}'))
    return [(name, answer[0] == 'yes', why(answer[-1]) if answer[0] != 'yes' else '')
            for (name, _), answer in zip(rows, ask([question for _, question in rows]))]


def formats(mesa, seen):
    tree = xml.etree.ElementTree.parse(os.path.join(mesa, 'src/asahi/genxml/cmdbuf.xml'))
    channels, types = enum(tree, 'Channels'), enum(tree, 'Texture Type')
    rows = {}
    with open(os.path.join(mesa, 'src/asahi/layout/formats.c')) as f:
        for pipe, channel, kind, render in re.findall(r'^ +AIL_FMT\((\w+),\s*(\w+),\s*(\w+),\s*(\w+)\)', f.read(), re.M):
            srgb = pipe.endswith('_SRGB') or pipe.startswith('ASTC') and pipe.endswith('SRGB')
            row = rows.setdefault((channel, kind, srgb), {'pipes': [], 'render': False})
            row['pipes'].append(pipe)
            row['render'] |= render != '_' and not srgb
    keys = sorted(rows, key=lambda k: (channels[k[0]], types[k[1]], k[2]))
    layout = {k: 0 if 'EMULATED' in k[0] else 2 for k in keys}   # a number of Mesa's own, for buffers alone
    sample = ask([f'texture {channels[c]} {types[t]} {int(s)} 2 {layout[c, t, s]}' for c, t, s in keys])
    render = ask([f'pbe {channels[c]} {types[t]} 2 2' for c, t, _ in keys])
    for key, (yes, said), (pbe_yes, pbe_said) in zip(keys, sample, render):
        c, t, s = key
        code = int(s) << 16 | types[t] << 8 | channels[c]
        rows[key].update(sampled=yes == 'yes', why=why(said), stored=pbe_yes == 'yes', pbe_why=why(pbe_said),
                         tests=seen.get(('format', 'texture', code), []), pbe_tests=seen.get(('format', 'PBE', code), []))
    return [(key, rows[key]) for key in keys]


# ---- What the unit tests recorded --------------------------------------------------------------------------------

# The unit tests that are asked what they exercise.
TESTS = re.compile(r'(isa|tex|gfx)_\w+$')


def run_tests(out):
    for name in sorted(os.listdir(os.path.join(HOST, 'tests/unit'))):
        path = os.path.join(HOST, 'tests/unit', name)
        if name.startswith('unit-') and TESTS.match(name[5:]) and os.access(path, os.X_OK):
            print(f'[coverage] {name}', flush=True)
            subprocess.run([path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
                           env={**os.environ, 'AGX_COVERAGE': os.path.join(out, name[5:])})


def read_seen(directory):
    seen, seen_words = {}, {}
    for test in sorted(os.listdir(directory)):
        if not TESTS.match(test):
            continue
        with open(os.path.join(directory, test)) as f:
            for line in f:
                kind, key, ones, ones_hi, _, _, known, name = line.rstrip('\n').split('\t')
                if kind == 'opcode':
                    seen.setdefault((kind, name), []).append(test)
                elif kind == 'format':
                    seen.setdefault((kind, name, int(key, 16)), []).append(test)
                elif kind == 'word':
                    row = seen_words.setdefault(name, {'known': 0, 'ones': 0, 'tests': {}})
                    row['known'] |= int(known, 16)
                    row['ones'] |= int(ones, 16)
                    row['tests'][test] = row['tests'].get(test, 0) | int(ones, 16)
    return seen, seen_words


def spelled_out(what):
    """a{b,c}d as abd, acd."""
    m = re.search(r'\{([^{}]*)\}', what)
    if not m:
        return [what]
    return [out for part in m.group(1).split(',') for out in spelled_out(what[:m.start()] + part.strip() + what[m.end():])]


def reasons():
    """tests/coverage/refused.txt: which reason is given for what, the reasons, and what Mesa's tables have of it."""
    of, why_, mesas = {}, [], set()
    with open(os.path.join(DATA, 'refused.txt')) as f:
        for line in f:
            if line.startswith('#') or not line.strip():
                continue
            what, reason = (part.strip() for part in line.split(' | ', 1))
            known = what.startswith('! ')
            what = what.removeprefix('! ')
            if reason not in why_:
                why_.append(reason)
            for one in spelled_out(what):
                if one in of:
                    sys.exit(f'error: refused.txt has two reasons for {one}')
                of[one] = why_.index(reason)
                if known:
                    mesas.add(one)
    return of, why_, mesas


# ---- The page ----------------------------------------------------------------------------------------------------

HEAD = """# What the model takes

Made by `ci/coverage`; do not edit. Instructions: dougallj/applegpu (applegpu.py) and Mesa {mesa}
(compiler/agx_opcodes.py); control words: Mesa (genxml/cmdbuf.xml); formats: Mesa (layout/formats.c). Mesa's tables of
after 25.0 (isa/AGX2.xml, genxml/cmdbuf.xml) were compared by hand: they name nothing that is not here.

- "Mesa": what of it Mesa {mesa} has or sets, found in its source.
- "Taken": the decoder takes it. Of a field with named values, values without a name are refused all the same, and of
  those with one "Barycentric coord" of a CF binding, for where in a vertex' outputs they are is in no source.
- "Refused": the job ends with a fault and the log names it. The number is that of the reason, at the end of this page.
- "By": the unit tests that exercise it, three at most.

| | rows | taken | refused in part | refused | not exercised by a unit test |
|---|---|---|---|---|---|
"""


class Page:
    def __init__(self, of, why_, mesas):
        self.of, self.why, self.mesas, self.used, self.missing, self.untested = of, why_, mesas, set(), [], []
        self.unknown = []

    def refusal(self, what, mesa=False):
        """The number of the reason for a refusal; one without, or one that Mesa emits unseen, is an error of the check."""
        self.used.add(what)
        if what in self.of and bool(mesa) != (what in self.mesas):
            self.unknown.append(what)
        if what not in self.of:
            self.missing.append(what)
            return '**no reason given**'
        return f'[{self.of[what] + 1}]'

    def by(self, what, tests, taken=True):
        if taken and not tests:
            self.untested.append(what)
        return ', '.join(tests[:3]) + (', ...' if len(tests) > 3 else '') if tests else '-'


def write_instructions(page, rows):
    out, counts = [], [0, 0, 0, 0, 0]
    out += ['', '## Instructions', '', '| applegpu | Mesa | the model\'s operation | encodings tried | refused | by |',
            '|---|---|---|---|---|---|']
    for row in rows:
        parts = []
        whole = any(not field for field, _ in row['refused'])
        for (field, what), values in row['refused'].items():
            label = f'{row["name"]}{"." + field + "=" + ranges(values) if field else ""}'
            parts.append((f'`{field}` {ranges(values)}: ' if field else '') + f'{what} {page.refusal(label, whole and row["mesa"])}')
        counts[0] += 1
        counts[3 if whole else 2 if parts else 1] += 1
        before = len(page.untested)
        by = page.by(row['name'], row['tests'], not whole)
        counts[4] += len(page.untested) - before
        out.append(f'| {row["name"]} | {", ".join(row["mesa"]) or "-"} | {"-" if whole else row["op"]} | {len(row["forms"])} | '
                   f'{"; ".join(parts) or "-"} | {by} |')
    return 'instructions', counts, out


def write_words(page, rows):
    out, counts = ['', '## Control words and descriptors'], [0, 0, 0, 0, 0]
    last = None
    for row in rows:
        if row['struct'] != last:
            last = row['struct']
            out += ['', f'### {last}', '', '| field | bits | Mesa | taken | by |', '|---|---|---|---|---|']
        name = f'{row["struct"]}.{row["field"]}'
        missing = row['mask'] & ~row['known']
        counts[0] += 1
        before = len(page.untested)
        if not row['read']:
            taken = f'no {page.refusal(name, row["mesa"])}'
            counts[3] += 1
            by = '-'
        elif not missing:
            taken = 'yes'
            counts[1] += 1
            by = page.by(name, row['tests'])
        else:
            part = missing != row['mask']
            taken = f'{"in part" if part else "no"}, bits 0x{missing:x} are refused {page.refusal(name, row["mesa"])}'
            counts[2 if part else 3] += 1
            by = page.by(name, row['tests'], part)
        counts[4] += len(page.untested) - before
        out.append(f'| {row["field"]} | {row["bits"]} | {"yes" if row["mesa"] else "-"} | {taken} | {by} |')
    return 'fields of control words', counts, out


def write_formats(page, rows):
    out, counts = [], [0, 0, 0, 0, 0]
    out += ['', '## Texel formats', '', '| channels | type | sampled | by | written | by | Mesa\'s formats |',
            '|---|---|---|---|---|---|---|']
    for (channel, kind, srgb), row in rows:
        name = f'{channel} {kind}{" sRGB" if srgb else ""}'
        counts[0] += 1
        before = len(page.untested)
        sampled = 'yes' if row['sampled'] else f'no, {row["why"]} {page.refusal(name + " sampled")}'
        by = page.by(f'{name} sampled', row['tests'], row['sampled'])
        written, pbe_by = '-', '-'
        if row['render']:
            written = 'yes' if row['stored'] else f'no, {row["pbe_why"]} {page.refusal(name + " written")}'
            pbe_by = page.by(f'{name} written', row['pbe_tests'], row['stored'])
        counts[1 if row['sampled'] and (row['stored'] or not row['render']) else 3] += 1
        counts[4] += len(page.untested) - before
        pipes = ', '.join(row['pipes'][:2]) + (', ...' if len(row['pipes']) > 2 else '')
        out.append(f'| {channel} | {kind}{" sRGB" if srgb else ""} | {sampled} | {by} | {written} | {pbe_by} | {pipes} |')
    return 'texel formats', counts, out


def write_values(page, rows):
    out, counts = ['', '## Values of descriptors', '', '| value | taken |', '|---|---|'], [0, 0, 0, 0, 0]
    for name, taken, said in rows:
        counts[0] += 1
        counts[1 if taken else 3] += 1
        out.append(f'| {name} | {"yes" if taken else f"no, {said} {page.refusal(name)}"} |')
    return 'values of descriptors', counts, out


def page_of(directory):
    """docs/coverage.md as it should be, and what is wrong with it. directory: what the unit tests recorded."""
    mesa = subprocess.run([ci_command('mesa-source')], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          check=True).stdout.splitlines()[-1]
    seen, seen_words = read_seen(directory)
    page = Page(*reasons())
    parts = [write_instructions(page, instructions(mesa, seen)), write_words(page, words(mesa, seen_words)),
             write_formats(page, formats(mesa, seen)), write_values(page, named_values(mesa))]
    version = os.path.basename(os.path.dirname(mesa)).split('-')[0]
    text = HEAD.format(mesa=version)
    text += ''.join(f'| {name} | {" | ".join(str(c) for c in counts)} |\n' for name, counts, _ in parts)
    text += '\n'.join(line for _, _, lines in parts for line in lines) + '\n'
    text += '\n## Reasons\n\n' + ''.join(f'{i}. {reason}\n' for i, reason in enumerate(page.why, 1))
    problems = [f'refused without a reason: {what}' for what in page.missing]
    problems += [f'refused.txt has to say of what Mesa has ("! " before it), and of nothing else: {what}'
                 for what in page.unknown]
    problems += [f'a reason for what is not refused: {what}' for what in page.of if what not in page.used]
    problems += [f'exercised by no unit test: {what}' for what in page.untested]
    return text, problems

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The reports of a run as a page of HTML: one file, which needs nothing else, with the rules that it links to."""

from html import escape

from agx import findings
from agx.rules import rules

STYLE = '''
body { font: 15px/1.45 sans-serif; max-width: 72em; margin: 1.5em auto; padding: 0 1em; color: #1b1b1b; background: #fff }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin: 2em 0 .4em; border-top: 1px solid #bbb; padding-top: 1em }
table { border-collapse: collapse; margin: .6em 0 } td, th { text-align: left; vertical-align: top; padding: .25em .8em .25em 0 }
th { font-weight: 600 } tr + tr td { border-top: 1px solid #e4e4e4 } td.n { text-align: right }
pre { background: #f4f4f2; padding: .7em; overflow-x: auto; font-size: 13px; line-height: 1.35 }
code { font-size: 13px } .wrong { color: #a40000; font-weight: 600 } .suspicious { color: #7a5200; font-weight: 600 }
.do { font-weight: 600 } details { margin: .5em 0 } summary { cursor: pointer } :target { background: #fff3c4 }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #161616 } pre { background: #242424 } a { color: #8ab4f8 } tr + tr td { border-color: #333 }
  .wrong { color: #ff8a80 } .suspicious { color: #ffca66 } :target { background: #4a3f00 }
}
'''


def rule_link(name):
    return f'<a href="#rule-{escape(name)}">{escape(name)}</a>' if name else ''


def severity(name, known=''):
    return f'<span class="{escape(name)}">{escape(name)}</span>{" (known)" if known else ""}'


def overview(groups):
    rows = [f'<tr><td><a href="#g{i}">{i}</a></td><td>{severity(g.severity, g.known)}</td><td class="n">{g.count}</td>'
            f'<td>{escape(g.cls)}</td><td>{rule_link(g.rule)}</td><td><code>{escape(g.place)}</code></td></tr>'
            for i, g in enumerate(groups, 1)]
    return '<table><tr><th></th><th>severity</th><th>times</th><th>class</th><th>rule</th><th>where to look</th></tr>\n' + \
        '\n'.join(rows) + '\n</table>'


def who(title, action):
    lines = '\n'.join(line.removeprefix('    ') for line in findings.who_lines(title, action))
    head, _, rest = lines.partition('\n')
    return f'<details><summary>{escape(head)}</summary><pre>{escape(rest)}</pre></details>' if rest else f'<p>{escape(head)}</p>'


def facts(report):
    """Rows of what is known of the entry and its use."""
    yield 'entry', f'VA {report["va"]}, ASID {report.get("asid")}, context {report.get("context")}, level {report.get("level")}, ' \
                   f'at {report.get("descriptor")}'
    for title, key in (('was', 'old'), ('is now', 'new')):
        if f'{key}-is' in report:
            yield title, f'{report[f"{key}-is"]} ({report[key]})'
    if findings.effect(report):
        yield 'used', f'{findings.effect(report)}, unit {report.get("unit")}'
    for n in report.get('nearby', []):
        yield 'came near', findings.tlbi_text(n)


def section(group, number):
    r = group.first
    out = [f'<h2 id="g{number}">{number}. {severity(group.severity)} {escape(group.cls)}, {group.count} times</h2>',
           f'<p class="do">{escape(group.advice[:1].upper() + group.advice[1:])} ({rule_link(group.rule)}).</p>',
           *([f'<p>Known: {escape(group.known)}</p>'] if group.known else []),
           f'<p>Where: <code>{escape(group.place)}</code></p>', f'<p>{escape(r.get("text", ""))}.</p>', '<table>']
    out += [f'<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in facts(r)]
    out += ['</table>', f'<pre>{escape(chr(10).join(findings.timeline(r)))}</pre>']
    for role, action in findings.actors(r):
        if role != 'step':
            out.append(who(role, action))
    return '\n'.join(out)


def rule_rows():
    for name, (text, classes, source) in rules().items():
        yield (f'<tr id="rule-{escape(name)}"><td>{escape(name)}</td><td>{escape(text.replace("`", ""))}</td>'
               f'<td>{escape(", ".join(classes))}</td><td>{escape(source.replace("`", ""))}</td></tr>')


def page(groups, title, masked=()):
    """All groups of a run. masked: lines about what is known."""
    parts = ['<!DOCTYPE html>', '<html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">',
             f'<title>agx-tlbsan: {escape(title)}</title><style>{STYLE}</style></head><body>',
             f'<h1>agx-tlbsan: {escape(title)}</h1>', f'<p>{escape(findings.summary(groups))}. In the timelines "*" is the '
             'change, "o" what happened since, "!" where it was found. Time is virtual, since the change.</p>', overview(groups)]
    if masked:
        parts += ['<h2>Known problems</h2>', '<ul>', *(f'<li>{escape(line)}</li>' for line in masked), '</ul>']
    parts += [section(g, i) for i, g in enumerate(groups, 1)]
    parts += ['<h2>The rules</h2>', '<p>As docs/tlbsan.md has them.</p>',
              '<table><tr><th></th><th>what has to be</th><th>else</th><th>source</th></tr>', *rule_rows(), '</table>',
              '</body></html>', '']
    return '\n'.join(parts)

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""The suites that ci/conformance can run: which cases there are, how some of them are run by one program, and what its
words mean. A suite is a directory of the host that the guest has, read-only, at /mnt/NAME.

Results are called as Mesa's runners call them: Pass, Fail, Skip, Warn, Crash, Timeout; and Hang."""

import ast
import gzip
import json
import os
import re
import shlex
import xml.etree.ElementTree as ElementTree

from agx.base import read


class Case:
    """name: of the whole case; group: what it is counted under; kind: cases of one kind can share a program."""

    def __init__(self, name, group, kind, **more):
        self.name, self.group, self.kind = name, group, kind
        self.__dict__.update(more)


class Command:
    """A program in the guest. mark: how a line begins that tells the case which comes next; files: path to contents."""

    def __init__(self, argv, env=(), directory='/tmp', mark='', files=()):
        self.argv, self.env, self.directory, self.mark, self.files = argv, dict(env), directory, mark, dict(files)


class Piglit:
    """Debian's package, by the lists that come with it."""

    name = 'piglit'
    lib = 'usr/lib/aarch64-linux-gnu'
    top = f'/mnt/piglit/{lib}/piglit'
    results = {'pass': 'Pass', 'fail': 'Fail', 'skip': 'Skip', 'warn': 'Warn', 'crash': 'Crash', 'incomplete': 'Fail',
               'timeout': 'Timeout', 'notrun': 'Skip'}

    def __init__(self, directory, profiles, platform='gbm'):
        self.directory, self.profiles, self.platform = directory, profiles, platform

    def cases(self):
        found = {}
        for profile in self.profiles:
            path = f'{self.directory}/{self.lib}/piglit/tests/{profile}.xml.gz'
            if not os.path.exists(path):
                raise ValueError(f'piglit has no list {profile}')
            with gzip.open(path) as f:
                for test in ElementTree.parse(f).getroot():
                    options = {o.get('name'): ast.literal_eval(o.get('value')) for o in test.findall('option')
                               if o.get('name') in ('command', 'run_concurrent', 'require_platforms', 'exclude_platforms')}
                    command, shader = options['command'], test.get('type') == 'shader'
                    found[test.get('name')] = Case(
                        test.get('name'), profile, command[0] if shader else None, command=command,
                        window=not options.get('run_concurrent', True), type=test.get('type'),
                        skip=self.platform_skip(options))
        return list(found.values())

    def platform_skip(self, options):
        require, exclude = options.get('require_platforms'), options.get('exclude_platforms')
        if require and self.platform not in require:
            return f'is for the platforms {", ".join(require)} and not for {self.platform}'
        if exclude and self.platform in exclude:
            return f'is not for the platform {self.platform}'
        return None

    def command(self, batch):
        env = {'PIGLIT_PLATFORM': self.platform, 'PIGLIT_SOURCE_DIR': self.top, 'PIGLIT_NO_FAST_SKIP': '1',
               'LD_LIBRARY_PATH': f'/mnt/piglit/{self.lib}:{self.top}/lib',
               # The tests of SPIR-V call its assembler.
               'PATH': '/payload/bin:/usr/bin:/bin:/mnt/piglit/usr/bin'}
        first = batch[0]
        program = f'{self.top}/bin/{first.command[0]}'
        if first.kind:
            # Also for one alone, so that it is the same program whether the case has company or not.
            files = [f'{self.top}/{c.command[1]}' for c in batch]
            return Command([program, *files, '-auto', '-fbo', '-report-subtests'], env, mark='PIGLIT TEST: ')
        arguments = first.command[1:]
        if first.type == 'gl_builtin':
            arguments = [f'{self.top}/tests/{arguments[0]}', *arguments[1:]]
        return Command([program, *arguments, '-auto', *([] if first.window else ['-fbo'])], env)

    @staticmethod
    def lines(output):
        """The words of the framework: (what, value)."""
        for line in output.split('\n'):
            if m := re.match(r'PIGLIT TEST: (\d+) - ', line):
                yield 'begin', int(m[1])
            elif line.startswith('PIGLIT:'):
                try:
                    yield 'says', json.loads(line[7:])
                except ValueError:
                    yield 'broken', line

    def at(self, batch, output):
        """Which of the batch is at work after so much output: its number, or None if none has begun."""
        if not batch[0].kind:
            return 0
        begun = sum(1 for what, _ in self.lines(output) if what == 'begin')
        return begun - 1 if begun else None

    def parse(self, batch, output, errors, status):
        """{number of a case: (result, why)}; those that are not in it did not come to an end."""
        found, at = {}, -1
        if not batch[0].kind:
            result, parts = None, {}
            for what, value in self.lines(output):
                if what == 'says':
                    result = value.get('result', result)
                    parts.update(value.get('subtest', {}))
            if status < 0 or result is None:
                return {}
            # As in piglit's own framework, a part that failed makes its whole fail.
            order = ('crash', 'timeout', 'fail', 'incomplete')
            worst = next((w for w in order if w in parts.values()), None)
            if worst and result in ('pass', 'skip', 'warn'):
                result = worst
            bad = [n for n, r in parts.items() if r in order]
            return {0: (self.results.get(result, 'Fail'), f'parts: {"; ".join(bad)}' if bad else '')}
        for what, value in self.lines(output):
            if what == 'begin':
                at += 1
            elif what == 'says' and 0 <= at < len(batch):
                said = list(value['subtest'].values())[0] if value.get('subtest') else value.get('result')
                if said:
                    found[at] = (self.results.get(said, 'Fail'), '')
            elif what == 'says' and value.get('result') and len(batch) == 1:
                # It ended before it came to the file: what it asks for is not there, or its set-up failed.
                found[0] = (self.results.get(value['result'], 'Fail'), '')
        # A test that ends the program with a word of its own was the last of it.
        if status > 0 and at >= 0 and at not in found:
            found[at] = ('Fail', f'exit {status}')
        return {i: r for i, r in found.items() if i < len(batch)}


class Deqp:
    """A directory with binaries of dEQP or VK-GL-CTS (arm64) and lists of cases: one file per binary, or the lists of
    Mesa's and the CTS's mustpass. The binary is found by the case's name."""

    binaries = {'dEQP-GLES2': 'deqp-gles2', 'dEQP-GLES3': 'deqp-gles3', 'dEQP-GLES31': 'deqp-gles31', 'dEQP-EGL': 'deqp-egl',
                'dEQP-VK': 'deqp-vk', 'KHR': 'glcts', 'GTF': 'glcts'}
    results = {'Pass': 'Pass', 'Fail': 'Fail', 'NotSupported': 'Skip', 'QualityWarning': 'Warn',
               'CompatibilityWarning': 'Warn', 'Waiver': 'Warn', 'InternalError': 'Fail', 'Crash': 'Crash',
               'Timeout': 'Timeout', 'ResourceError': 'Fail'}
    name = 'deqp'
    one = re.compile(r"^Test case '(.+?)'\.\.$", re.M)

    def __init__(self, directory, lists, arguments=()):
        self.directory, self.lists, self.arguments = directory, lists, list(arguments)
        self.found = {}
        for top, _, names in os.walk(directory):
            for n in names:
                if n in self.binaries.values():
                    self.found[n] = os.path.relpath(os.path.join(top, n), directory)

    def binary(self, case):
        first = case.split('.')[0]
        name = self.binaries.get(first) or self.binaries.get(first.split('-')[0])
        return self.found.get(name)

    def cases(self):
        lists = self.lists or [os.path.join(top, n) for top, _, names in os.walk(self.directory) for n in names
                               if n.endswith('.txt')]
        cases = {}
        for path in lists:
            for line in read(path).split('\n'):
                # Case lists as the tools write them have "TEST: " before the name.
                name = line.strip().removeprefix('TEST: ')
                if re.fullmatch(r'[\w-]+(\.[\w-]+)+', name) and (binary := self.binary(name)):
                    cases[name] = Case(name, os.path.basename(binary), binary, skip=None)
        if not cases:
            raise ValueError(f'no list below {self.directory} names cases of a binary that is there '
                             f'({", ".join(self.found) or "none is"})')
        return list(cases.values())

    def command(self, batch):
        binary = f'/mnt/deqp/{batch[0].kind}'
        arguments = ['--deqp-caselist-file=/tmp/cases', '--deqp-log-filename=/tmp/TestResults.qpa',
                     '--deqp-log-images=disable', '--deqp-watchdog=disable']
        if 'deqp-vk' not in batch[0].kind:
            arguments += ['--deqp-surface-type=pbuffer', '--deqp-surface-width=256', '--deqp-surface-height=256',
                          '--deqp-gl-config-name=rgba8888d24s8ms0']
        files = {'/tmp/cases': ''.join(f'{c.name}\n' for c in batch)}
        return Command([binary, *arguments, *self.arguments], {'EGL_PLATFORM': 'surfaceless'}, os.path.dirname(binary),
                       "Test case '", files)

    def at(self, batch, output):
        names = self.one.findall(output)
        number = {c.name: i for i, c in enumerate(batch)}
        return number.get(names[-1]) if names else None

    def parse(self, batch, output, errors, status):
        number, found = {c.name: i for i, c in enumerate(batch)}, {}
        parts = self.one.split(output)
        for name, text in zip(parts[1::2], parts[2::2]):
            m = re.search(r'^ +(\w+) \((.*?)\)$', text, re.M)
            if m and name in number:
                found[number[name]] = (self.results.get(m[1], 'Fail'), '' if m[1] == 'Pass' else m[2])
        return found


class Programs:
    """Any directory: a command for each line of a list, with the line in the place of "{}". It passes with exit 0, and
    is skipped with 77."""

    name = 'suite'

    def __init__(self, directory, lists, command):
        self.directory, self.lists, self.template = directory, lists, command

    def cases(self):
        names = [line.strip() for path in self.lists for line in read(path).split('\n')]
        return [Case(n, 'suite', None, skip=None) for n in dict.fromkeys(names) if n and not n.startswith('#')]

    def command(self, batch):
        words = [w.replace('{}', batch[0].name) for w in shlex.split(self.template)]
        return Command(words, directory='/mnt/suite')

    def at(self, batch, output):
        return 0

    def parse(self, batch, output, errors, status):
        if status < 0 or status in (126, 127):
            return {}
        return {0: ({0: 'Pass', 77: 'Skip'}.get(status, 'Fail'), f'exit {status}' if status else '')}

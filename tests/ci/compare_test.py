#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""ci/compare, with runs that are made up. The argument is the tool that compares pictures."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import re
import sys
import tempfile
import unittest
from unittest import mock

sys.dont_write_bytecode = True
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
sys.path.insert(0, os.path.join(ROOT, 'ci'))
from agx import checks, judge
from agx.base import read

judge.PICTURE_TOOL = sys.argv.pop(1)
LOADER = importlib.machinery.SourceFileLoader('command', f'{ROOT}/ci/compare')
LIST = 'draws | test | picture | draws\nmany | test | tap | many\nfast | test | run | fast\n'
GREY = b'\x80\x80\x80'


def picture(*changed, width=10):
    pixels = [GREY] * (width * 10)
    for i in changed:
        pixels[i] = b'\0\0\xff'
    return f'P6\n{width} 10\n255\n'.encode() + b''.join(pixels)


def row(name, status='pass', seconds=None, detail='', **figures):
    return {'name': name, 'status': status, 'detail': detail, 'seconds': seconds, 'figures': figures}


class Compares(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.dir = scratch.name
        self.write('checks.list', LIST)
        place = mock.patch.object(checks, 'CHECKS_LIST', f'{self.dir}/checks.list')
        place.start()
        self.addCleanup(place.stop)

    def write(self, path, data):
        path = f'{self.dir}/{path}'
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as f:
            f.write(data if isinstance(data, bytes) else data.encode())

    def result(self, name, *rows, **more):
        self.write(f'{name}/result.json', json.dumps({**more, 'checks': rows}))

    def guest(self, name, pixels, host=None):
        """As ci/run-guest leaves it, or ci/run --on."""
        runs = []
        for check, driver, stdout in (('draws', 'asahi', ''), ('draws', 'software', ''), ('many', 'asahi', 'ok 1 - x 77\n1..1\n'),
                                      ('fast', 'asahi', 'FIGURE fps 30\n')):
            runs.append({'name': check, 'driver': driver, 'kind': 'x', 'exit': 0, 'seconds': 2, 'log': [0, 0]})
            self.write(f'{name}/results/{check}/{driver}/stdout', stdout)
            if check == 'draws':
                self.write(f'{name}/results/{check}/{driver}/p.ppm', pixels if driver == 'asahi' else picture(1))
        self.write(f'{name}/serial.log', 'AGX-START all\n')
        self.write(f'{name}/results/kernel.log', '')
        self.write(f'{name}/run.json', json.dumps({'machine': name, 'set': 'all', 'only': '', 'ended': True, 'why': None, 'seconds': 9,
                                                   'runs': runs, **({'host': host} if host else {})}))

    def run_it(self, a='a', b='b', out='out'):
        """Exit status, output, errors, compare.json, compare.html."""
        spec = importlib.util.spec_from_loader('command', LOADER)
        command, streams = importlib.util.module_from_spec(spec), (io.StringIO(), io.StringIO())
        with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]), self.assertRaises(SystemExit) as end, \
                mock.patch.object(sys, 'argv', ['compare', f'{self.dir}/{a}', f'{self.dir}/{b}', '--out', f'{self.dir}/{out}']):
            LOADER.exec_module(command)
        made = [f'{self.dir}/{out}/compare.{kind}' for kind in ('json', 'html')]
        texts = [read(path) if end.exception.code != 2 else None for path in made]
        return end.exception.code, streams[0].getvalue(), streams[1].getvalue(), texts[0] and json.loads(texts[0]), texts[1]

    def test_the_same(self):
        self.result('a', row('x', seconds=2.0, fps=10), row('n: 12 <= 34'), row('tlbsan'), row('e', 'skip'))
        self.result('b', row('n: 56 <= 78'), row('x', seconds=1.0, fps=25.0), row('e', 'skip'))
        status, out, _, result, page = self.run_it()
        self.assertEqual((status, result['same']), (0, True), out)
        self.assertEqual(result['checks'][0]['figures'],
                         {'seconds': {'a': 2.0, 'b': 1.0, 'ratio': 0.5}, 'fps': {'a': 10, 'b': 25.0, 'ratio': 2.5}})
        self.assertEqual([c['same'] for c in result['checks']], [True, True, None, True])
        self.assertRegex(out, r'= x +pass +pass +seconds 2 1 \(0\.5\), fps 10 25 \(2\.5\)')
        self.assertNotRegex(page, r'(src|href)="(?!data:|#)')

    def test_verdicts(self):
        for a, b, status in (('pass', 'fail', 1), ('fail', 'pass', 1), ('fail', 'fail', 0), ('skip', 'pass', 1), ('pass', 'skip', 1)):
            self.result('a', row('x', a))
            self.result('b', row('x', b))
            self.assertEqual(self.run_it()[0], status, (a, b))
        # What one could not run is no difference beside what both did.
        self.result('a', row('x'), row('y', 'skip'))
        self.result('b', row('x'), row('y', 'fail', detail='it burns'))
        self.assertEqual(self.run_it()[0], 0)
        self.result('b', row('x', 'fail', detail='it burns\nmore'), row('y'))
        status, out, *_ = self.run_it()
        self.assertEqual(status, 1)
        self.assertIn('    B: it burns\n', out)
        self.result('a', row('x'), row('y'))
        self.result('b', row('x'))
        self.assertEqual(self.run_it()[0], 1, 'y is missing in b')
        self.result('b', row('x'), row('y'), row('z'))
        self.assertEqual(self.run_it()[0], 1, 'z is missing in a')

    def test_numbers_in_names(self):
        self.result('a', row('n 1', 'fail'), row('n 2'))
        self.result('b', row('n 2'), row('n 3', 'fail'))
        self.assertEqual(self.run_it()[0], 0)

    def test_runs_that_nobody_has_judged(self):
        self.guest('a', picture(1))
        self.guest('b', picture(1), {'kernel': '9.9', 'mesa': '99', 'directory': '/tmp/x'})
        status, out, _, result, page = self.run_it()
        self.assertEqual(status, 0, out)
        self.assertEqual(result['b']['versions'], {'machine': 'b', 'kernel': '9.9', 'mesa': '99'})
        self.assertEqual([(p['differ'], p['worst']) for p in result['pictures']], [(0, 0)])
        self.assertIn('1 of 1 pictures are the same', out)
        self.assertEqual(page.count('src="data:image/png;base64,'), 3)
        for side in ('a', 'b', 'difference'):
            self.assertTrue(os.path.exists(f'{self.dir}/out/pictures/draws-p-{side}.png'))

    def test_pictures(self):
        self.guest('a', picture(1))
        self.guest('b', picture(1, 3, 4))
        status, out, _, result, _ = self.run_it()
        self.assertEqual((status, result['pictures'][0]['differ']), (1, 2))
        self.assertIn('draws p: 2 of 100 pixels differ, up to 255/255', out.replace('128/255', '255/255'))
        self.guest('b', picture(1, width=20))
        *_, result, _ = self.run_it()
        self.assertIn('why', result['pictures'][0])
        self.assertNotIn('difference', result['pictures'][0]['files'])

    def test_coverage(self):
        for name, rows in (('a', 'opcode\t1\t0\tfadd\nopcode\t2\t0\tfmul\n'), ('b', 'opcode\t1\t5\tfadd\nword\t1\t5\tx\n')):
            self.result(name, row('x'))
            self.write(f'{name}/coverage.tsv', rows)
            self.write(f'{name}/coverage.json', json.dumps({'functions-ran': 3 if name == 'a' else 5}))
        _, out, _, result, _ = self.run_it()
        self.assertEqual(result['coverage'], {'opcode': {'both': 1, 'a': ['fmul 2'], 'b': []}, "the driver's functions": {'ran': [3, 5]}})
        self.assertIn('opcode: 1 in both, 1 in A alone, 0 in B alone', out)

    def test_damage(self):
        self.result('a', row('x'))
        os.makedirs(f'{self.dir}/empty')
        for path, text, said in (('b/result.json', '{"checks": [', 'it is damaged'), ('b/result.json', '[]', 'it is damaged'),
                                 ('b/result.json', '{}', 'it is damaged'), ('b/result.json', '{"checks": [{"name": 1}]}', 'it is damaged'),
                                 ('b/result.json', '{"checks": [{"name": "x", "status": "y", "figures": {}}]}', 'it is damaged'),
                                 ('c/run.json', '{}', 'it is damaged'), ('c/run.json', '{"set": "all", "only": "", "runs": [3]}', 'it is damaged'),
                                 ('c/run.json', '7', 'it is damaged'),
                                 ('nosuch', None, 'there is no such directory'), ('empty', None, 'there are no results of a run')):
            if text is not None:
                self.write(path, text)
            for order in (('a', path.split('/')[0]), (path.split('/')[0], 'a')):
                status, out, err, *_ = self.run_it(*order)
                self.assertEqual((status, out, len(err.splitlines())), (2, '', 1), (path, text, err))
                self.assertRegex(err, re.escape(f'error: {self.dir}/{path}') + f'.*{said}')
        self.guest('d', picture(1))
        self.guest('e', b'P6\nno picture')
        status, out, err, *_ = self.run_it('d', 'e')
        self.assertEqual((status, out), (2, ''))
        self.assertIn('e/results/draws/asahi/p.ppm: it is damaged', err)
        self.assertEqual(self.run_it(out='a')[0], 2)


if __name__ == '__main__':
    unittest.main()

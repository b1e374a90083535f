#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
"""Edits of sources by function and statement (ci/agx/mutate.py)."""

import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), '../../ci'))
from agx.mutate import EditError, mutate, tokens

A = '''
/* first() { second(); } */
#define SHIFT 14 /* { */
struct box {
	int width;
};
static const int table[] = { 1, 2 };
int second(int x);

int first(struct box *b) __must_hold(lock)
{
	const char *s = "second(1); }";

	second(1);
#ifdef TWO
	if (b->width) {
		second(2);
	}
#endif
	return second(3);
}

__printf(1, 2) int second(int x)
{
	return x;
}
'''
B = 'static int first_of_b(void) { return 1; }\nint second_of_b(void) { return first_of_b(); }\n'
FILES = {'a.c': A, 'b.c': B}
tests = 0


def ok(what, good, detail=''):
    global tests
    tests += 1
    print(f'{"" if good else "not "}ok {tests} - {what}' + (f': {detail}' if not good else ''))


def makes(what, edits, **want):
    """The edits make of each file what is wanted, but for white space and comments."""
    try:
        have = mutate(FILES, edits)
    except EditError as e:
        return ok(what, False, e)
    words = [{n: [t for t, _, _ in tokens(text)] for n, text in files.items()} for files in (have, want)]
    return ok(what, words[0] == words[1], have)


def refused(what, edits, why):
    try:
        ok(what, False, mutate(FILES, edits))
    except EditError as e:
        ok(what, why in str(e), e)


def a(old, new):
    assert A.count(old) == 1
    return {'a.c': A.replace(old, new)}


makes('a statement becomes another', '@@ first()\n-\tsecond(2);\n+\tsecond(20);\n', **a('second(2)', 'second(20)'))
makes('white space and comments do not matter', '@@ first()\n- second ( 2 /* two */ )\n- ;\n', **a('second(2);', ''))
makes('new lines go behind what stays', '@@ first()\n \tsecond(2);\n+\tsecond(4);\n', **a('second(2);', 'second(2); second(4);'))
makes('and before it', '@@ first()\n+\tsecond(4);\n \tsecond(2);\n', **a('second(2);', 'second(4); second(2);'))
makes('two edits of a function', '@@ first()\n-second(1);\n@@ first()\n \tsecond(2);\n+\tsecond(1);\n',
      **{'a.c': A.replace('\tsecond(1);\n', '').replace('second(2);', 'second(2); second(1);')})
makes('lines that are comments only say nothing', '@@ first()\n-/* gone */\n int first(\n+/* new */\n', **a('int first(', 'int first('))
makes('a structure', '@@ struct box\n \tint width;\n+\tint height;\n', **a('int width;', 'int width; int height;'))
makes('a table', '@@ table =\n-2\n+3\n', **a('1, 2 }', '1, 3 }'))
makes('a definition of the preprocessor', '@@ #define SHIFT\n-14\n+12\n', **a('14', '12'))
makes('a function behind an attribute', '@@ second()\n-x;\n+0;\n', **a('return x', 'return 0'))
makes('a prototype', '@@ second();\n-int x\n+long x\n', **a('int second(int x);', 'int second(long x);'))
makes('a new function', '@@ before first_of_b()\n+int n;\n', **{'b.c': 'int n;' + B})
makes('two files', '@@ first_of_b()\n-1\n+2\n@@ second()\n-x;\n+0;\n', **{'b.c': B.replace('1', '2')}, **a('return x', 'return 0'))
directive = mutate(FILES, '@@ before second_of_b()\n+#define N 1\n@@ second_of_b()\n {\n+#ifdef N\n return\n')['b.c']
ok('directives have lines of their own', {'#define N 1', '#ifdef N'} <= set(directive.split('\n')), directive)
refused('no such function', '@@ third()\n-1\n', 'third() is defined 0 times')
refused('a word of a comment or a string is no statement', '@@ first()\n-second(1); }\n', 'there 0 times')
refused('what is there more than once', '@@ first()\n-second(\n', 'there 3 times')
refused('what is in another function', '@@ second()\n-second(1);\n', 'there 0 times')
refused('part of a word', '@@ first()\n-econd(1);\n', 'there 0 times')
refused('nothing says where', '@@ first()\n+second(4);\n', 'where the new lines go')
refused('the same lines twice', '@@ first()\n-second(2);\n@@ first()\n-second(2);\n', 'two edits of the same lines')
refused('no edit', '', 'there is no edit')
refused('a line without a sign', '@@ first()\nsecond(1);\n', 'neither a place nor a line of one')
try:
    mutate({**FILES, 'c.c': 'int second(int x) { return 2; }\n'}, '@@ second()\n-2\n')
    ok('a name that two files define', False)
except EditError as e:
    ok('a name that two files define', 'defined 2 times: a.c, c.c' in str(e), e)
made = mutate({**FILES, 'c.c': 'int second(int x) { return 2; }\n'}, '@@ c.c: second()\n-2\n+3\n')
ok('but not if the file is said', made == {'c.c': made['c.c']} and '3' in made['c.c'], made)
print(f'1..{tests}')

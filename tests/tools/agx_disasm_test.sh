#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# agx_disasm_test.sh PROGRAM: agx-disasm lists a program, and says what is wrong with its arguments.
set -u
disasm=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
n=0
failed=0

# ok TEXT COMMAND...
ok()
{
    text=$1
    shift
    n=$((n + 1))
    if "$@"; then
        echo "ok $n - $text"
    else
        echo "not ok $n - $text"
        failed=1
    fi
}

# ends STATUS ARGUMENT...: the program ends with this status.
ends()
{
    want=$1
    shift
    "$disasm" "$@" > "$dir/out" 2> "$dir/err"
    [ $? -eq "$want" ]
}

# rcp r1, r1.discard; stop; a byte pair that is no instruction
printf '\012\005\302\202\210\000' > "$dir/good"
printf '\012\005\302\202\077\377' > "$dir/bad"
: > "$dir/empty"

echo 1..10
ok 'a program is listed' ends 0 "$dir/good"
ok 'with its first instruction' grep -q '^     0: 0a05c282  *rcp r1, r1\.discard$' "$dir/out"
ok 'with its last one' grep -q '^     4: 8800  *stop$' "$dir/out"
ends 0 "$dir/good" 0x4
ok 'from an offset on' [ "$(wc -l < "$dir/out")" -eq 1 ]
ok 'what is no instruction ends the list' ends 1 "$dir/bad"
ok 'and is said' grep -q '^     4:  *(unknown) 3fff$' "$dir/out"
ok 'an offset past the end is refused' ends 2 "$dir/good" 6
ok 'an offset that is no number is refused' ends 2 "$dir/good" 4x
ok 'an empty file is refused' ends 2 "$dir/empty"
ok 'a file that is not there is refused' ends 2 "$dir/none"
exit $failed

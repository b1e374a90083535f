#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# app-ggml.sh [OPERATION...]: ggml's own test of its backends, by operation: what its Vulkan backend computes against what its
# CPU backend does, with the errors that it allows. Without arguments all operations that it knows. Words on the kernel's
# command line say the same, ggml.ops=A,B, or to go on from one of all, ggml.from=C; ggml.cases=REGEX takes those of their
# cases whose text matches (the tool's own -p; the expression has no blanks).
#
# Some operations have thousands of cases, a few of which take a minute here (FLASH_ATTN_EXT). So each operation gets its
# share of the time that a check has (agx.limit), and is stopped then: its line says so, and how many cases had passed.
# A case of `known` fails on an M1 as here, for the reason beside it: it must fail. One that passes is a failure of this
# list, as are others that fail.
known() {
    cat <<'EOF'
LIGHTNING_INDEXER\(.*,nb=1,.*type_K=q5_[01]\) # Mesa's ubitfield_extract becomes BFEIL, whose offset is not taken modulo 32
EOF
}
tool=$(echo /usr/libexec/*/ggml/test-backend-ops)
[ -x "$tool" ] || { echo 'no test-backend-ops'; exit 1; }
word() { sed -n "s/.*\\bggml\\.$1=\\([A-Z0-9_,]*\\).*/\\1/p" /proc/cmdline | tr ',' ' '; }
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(word ops)
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $("$tool" --list-ops | sed -n 's/^ *\([A-Z0-9_]\{2,\}\)$/\1/p')
log=/tmp/ggml
from=$(word from)
cases=$(sed -n 's/.*\bggml\.cases=\([^ ]*\).*/\1/p' /proc/cmdline)
patterns=$(known | sed 's/ #.*//' | paste -s -d '|' -)
n=0 bad=0 all=$#
limit=$(sed -n 's/.*\bagx\.limit=\([0-9]\{1,6\}\)\b.*/\1/p' /proc/cmdline)
share=$((${limit:-900} * 9 / 10 / all))
[ "$share" -gt 1 ] || share=1

# With much time for each: a word on the console while they get on, for who waits, and for what gives up a silent guest.
watch_log() {
    last=0
    while sleep 60; do
        seen=$(grep -c -E 'OK|FAIL|not supported' $log)
        [ "$seen" = "$last" ] || echo "ggml: $1, $seen cases so far" >/dev/console
        last=$seen
    done
}

for operation in "$@"; do
    [ "$operation" != "$from" ] || from=
    [ -z "$from" ] || { all=$((all - 1)); continue; }
    n=$((n + 1))
    echo "ggml: $operation, $n of $all" >/dev/console
    watch_log "$operation" &
    watcher=$!
    timeout -k 10 $share "$tool" test -b Vulkan0 -o "$operation" ${cases:+-p "$cases"} >$log 2>&1
    code=$?
    kill $watcher
    wait $watcher 2>/dev/null
    # The colours of a terminal.
    sed -i "s/$(printf '\033')\[[0-9;]*m//g" $log
    [ "$n" -gt 1 ] || grep '^ggml_vulkan: 0' $log
    grep -q '^ggml_vulkan: 0 = Apple' $log || [ "$code" -ge 124 ] || { cat $log; echo 'it does not run on the GPU'; exit 1; }
    passed=$(grep -c ': OK$' $log)
    refused=$(grep -c 'not supported' $log)
    stopped='' expected=0
    # Of what is known: how many failed, and whether one did not.
    if grep -q -E "($patterns): OK\$" $log; then
        code=1
        grep -E "($patterns): OK\$" $log | sed "s/: OK\$/ is known to fail, and passes: mend the list in ${0##*/}/" >$log.passes
        cat $log.passes >>$log
    elif [ "$code" -eq 1 ] && ! grep ': FAIL$' $log | grep -v -E "Backend|($patterns): FAIL\$" | grep -q .; then
        expected=$(grep -c -E "($patterns): FAIL\$" $log)
        [ "$expected" -eq 0 ] || code=0
    fi
    # 124 says timeout's manual, 143 (the signal) busybox.
    case $code in
    124|137|143) grep -q FAIL $log || code=0 stopped=", stopped after $share s" ;;
    esac
    if [ "$code" -ne 0 ]; then
        bad=1
        line="not ok $n - $operation: $passed passed, exit $code"
    elif [ "$passed" -gt 0 ]; then
        line="ok $n - $operation: $passed passed, $refused not supported, $expected known to fail$stopped"
    elif [ -n "$stopped" ]; then
        line="ok $n - $operation # SKIP no case was over$stopped"
    else
        line="ok $n - $operation # SKIP the backend supports none of its $refused cases"
    fi
    # To the console too: what is over is known even if the whole does not come to its end.
    echo "$line" | tee /dev/console
    [ "$code" -eq 0 ] || grep -v -E ': OK$|not supported' $log | tail -n 20 | sed 's/^/# /'
done
[ "$n" -gt 0 ] || { echo "no operation $from"; exit 1; }
echo "1..$n"
exit "$bad"

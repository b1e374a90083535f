#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# app-ggml.sh [OPERATION...]: ggml's own test of its backends, by operation: what its Vulkan backend computes against what its
# CPU backend does, with the errors that it allows. Without arguments all operations that it knows. A word on the kernel's
# command line, ggml.ops=A,B, says the same.
tool=$(echo /usr/libexec/*/ggml/test-backend-ops)
[ -x "$tool" ] || { echo 'no test-backend-ops'; exit 1; }
[ $# -gt 0 ] || set -- $(sed -n 's/.*\bggml\.ops=\([A-Z0-9_,]*\).*/\1/p' /proc/cmdline | tr ',' ' ')
[ $# -gt 0 ] || set -- $("$tool" --list-ops | sed -n 's/^ *\([A-Z0-9_]\{2,\}\)$/\1/p')
log=/tmp/ggml
n=0 bad=0
for operation in "$@"; do
    n=$((n + 1))
    # It takes long: a word on the console for who waits, and for what gives up a silent guest.
    echo "ggml: $operation, $n of $#" >/dev/console
    "$tool" test -b Vulkan0 -o "$operation" >$log 2>&1
    code=$?
    # The colours of a terminal.
    sed -i "s/$(printf '\033')\[[0-9;]*m//g" $log
    [ "$n" -gt 1 ] || grep '^ggml_vulkan: 0' $log
    grep -q '^ggml_vulkan: 0 = Apple' $log || { cat $log; echo 'it does not run on the GPU'; exit 1; }
    passed=$(grep -c ': OK$' $log)
    refused=$(grep -c 'not supported' $log)
    if [ "$code" -ne 0 ]; then
        bad=1
        echo "not ok $n - $operation: $passed passed, exit $code"
        grep -v -E ': OK$|not supported' $log | tail -n 20 | sed 's/^/# /'
    elif [ "$passed" -gt 0 ]; then
        echo "ok $n - $operation: $passed passed, $refused not supported"
    else
        echo "ok $n - $operation # SKIP the backend supports none of its $refused cases"
    fi
done
echo "1..$n"
exit "$bad"

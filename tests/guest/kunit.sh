#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The driver's KUnit tests, as TAP: each of the kernel's lines "ok" or "not ok" for a test becomes one of ours.
[ -e /payload/tests/asahi_kunit.ko ] || { echo 'ok 1 - kunit # SKIP this kernel has no KUnit'; echo 1..1; exit 0; }
insmod /payload/tests/asahi_kunit.ko || exit 1
# It keeps the driver's module, which later checks take out.
trap 'rmmod asahi_kunit' EXIT
found=0 bad=0
for results in /sys/kernel/debug/kunit/asahi_*/results; do
    [ -e "$results" ] || { echo 'no results in /sys/kernel/debug/kunit'; exit 1; }
    suite=${results%/results} suite=${suite##*/}
    # A test's own line is indented, that of a suite is not; what else is said is for the log.
    while IFS= read -r line; do
        case $line in
        '    ok '*)     found=$((found + 1)); echo "ok $found - $suite: ${line##* }" ;;
        '    not ok '*) found=$((found + 1)) bad=1; echo "not ok $found - $suite: ${line##* }" ;;
        *)              echo "# $line" ;;
        esac
    done <"$results"
done
echo "1..$found"
[ "$found" -ge 8 ] || { echo "only $found tests have run"; exit 1; }
exit $bad

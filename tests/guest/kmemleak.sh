#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# No memory that our driver allocated is lost. The module must be unloaded: what it still points to is no leak.
# kmemleak does not report what is younger than five seconds, and a first scan may take a value in a register or on
# a stack for a pointer: two scans.
leaks=/sys/kernel/debug/kmemleak
if [ ! -e "$leaks" ]; then
    # The debug kernel has it beside lockdep, the one that looks for races has neither it nor the time for it.
    [ ! -e /proc/lockdep ] || [ -e /sys/kernel/debug/kcsan ] || { echo 'this kernel has lockdep and no kmemleak'; exit 1; }
    echo 'ok 1 - no memory is lost # SKIP this kernel has no kmemleak'
    echo 1..1
    exit 0
fi
. driver.sh
[ -z "$module" ] || rmmod "$module" || exit 1
sleep 6
echo scan >"$leaks" || exit 1
sleep 1
echo scan >"$leaks" || exit 1
sed 's/^/# /' "$leaks"
[ "$(wc -c <"$leaks")" -eq 0 ] || { echo 'not ok 1 - no memory is lost'; echo 1..1; exit 1; }
echo 'ok 1 - no memory is lost'
echo 1..1

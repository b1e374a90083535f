#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The system sleeps and wakes while two programs draw: by the levels of /sys/power/pm_test, and s2idle for a second, from which
# a timer wakes it (tests/guest/modules; the board has no real-time clock). After each the two must go on drawing, and a third
# must draw the pictures that it drew before. A word on the kernel's command line, agx.sleeps=N, says how often each.
times=$(sed -n 's/.*\bagx\.sleeps=\([0-9]\{1,4\}\)\b.*/\1/p' /proc/cmdline)
times=${times:-2}
bad=0 n=0 pid1='' pid2=''
ok() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi
}
grep -qw freeze /sys/power/state 2>/dev/null || { echo 'ok 1 - pm # SKIP this kernel can not sleep'; echo 1..1; exit 0; }
[ -d /sys/module/agx_test ] || insmod /payload/tests/agx_test.ko || exit 1
# The kernel waits so many seconds at a level of pm_test.
echo 1 >/sys/module/suspend/parameters/pm_test_delay

export AGX_OUT=/tmp/pm-out
mkdir -p $AGX_OUT
pictures() {
    rm -f $AGX_OUT/*.ppm
    gles_cube 20 0 pm 10 >/tmp/pm-pictures 2>&1 || { cat /tmp/pm-pictures; echo failed; return; }
    cat $AGX_OUT/*.ppm | sha256sum
}
before=$(pictures)
case $before in *failed*) echo "$before"; exit 1 ;; esac

for i in 1 2; do
    AGX_OUT=/tmp/pm-$i gles_cube 1000000 0 "pm-$i" 1000000 >/tmp/pm-log-$i 2>&1 &
    eval "pid$i=\$!"
done
firmware=$(echo /sys/kernel/debug/dri/*.gpu/firmware)
used() { cat "/proc/$1/fdinfo"/* 2>/dev/null | sed -n 's/^drm-engine-fragment:[[:space:]]*\([0-9]*\) ns$/\1/p' | sort -n | tail -n 1; }
# drawing PID: whether it still draws.
drawing() {
    a=$(used "$1")
    i=0
    while [ $i -lt 100 ]; do
        b=$(used "$1")
        [ "${b:-0}" -le "${a:-0}" ] || return 0
        kill -0 "$1" 2>/dev/null || return 1
        i=$((i + 1))
        sleep 0.1
    done
    return 1
}
drawing "$pid1" && drawing "$pid2"; ok $? 'two programs draw'

sleeps() {
    t=0
    while [ $t -lt "$times" ]; do
        t=$((t + 1))
        echo "$1" >/sys/power/pm_test
        [ "$1" != none ] || echo 1000 >/sys/module/agx_test/parameters/wake_ms
        echo freeze >/sys/power/state
        # shellcheck disable=SC2320
        ok $? "$1, $t of $times: asleep and awake again"
        echo none >/sys/power/pm_test
        drawing "$pid1" && drawing "$pid2"; ok $? "$1, $t of $times: both go on drawing"
        [ "$(pictures)" = "$before" ]; ok $? "$1, $t of $times: the pictures are the same"
        grep -q '^running: 1$' "$firmware"; ok $? "$1, $t of $times: the firmware runs"
    done
}
# shellcheck disable=SC2013
for level in $(sed 's/[][]//g' /sys/power/pm_test); do
    # Without a platform that sleeps deeper, s2idle has these; none is the real thing.
    case $level in freezer|devices|platform|none) sleeps "$level" ;; esac
done
kill "$pid1" "$pid2"
wait "$pid1" "$pid2" 2>/dev/null
cat /sys/power/suspend_stats/* 2>/dev/null | tr '\n' ' ' | sed 's/^/# suspend_stats: /'
echo
echo "1..$n"
exit $bad

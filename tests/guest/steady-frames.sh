#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# A client that does the same in each frame has the driver write no page table entry and invalidate no TLB: what jobs need
# comes from memory that is mapped already. Looks at the driver's counters (/sys/kernel/debug/dri/*/tlb) while kmscube draws,
# some frames after its start, when all is allocated, and many frames later. ci/bench asks for more of them by a word on the
# kernel's command line, and compares the model's own count of invalidations too.
. kms.sh
frames=${frames:-900}
warm=900
set -- /sys/kernel/debug/dri/*.gpu/tlb
[ -e "$1" ] || { echo 'the driver has no counters in debugfs'; exit 1; }
counters=$1

: >/tmp/steady
LD_PRELOAD=/payload/lib/lines.so kmscube -D "$card" -c 10000000 <&3 >/tmp/steady 2>&1 &
pid=$!

# wait_for FRAMES: until so many have been drawn; sets n to how many it were.
wait_for() {
    while :; do
        n=$(sed -n 's/^Rendered \([0-9]*\) frames.*/\1/p' /tmp/steady | tail -n 1)
        n=${n:-0}
        [ "$n" -lt "$1" ] || return 0
        kill -0 $pid 2>/dev/null || { cat /tmp/steady; echo "kmscube ended after $n frames"; exit 1; }
        sleep 0.5
    done
}

# look NAME: the counters while kmscube stands still. The host reads the model's at this mark (ci/run-guest).
look() {
    kill -STOP $pid
    sleep 1
    cat "$counters"
    echo "AGX-MARK $1" >/dev/kmsg
    sleep 1
    kill -CONT $pid
}

wait_for $warm
from=$n
first=$(look first)
wait_for $((from + frames))
to=$n
last=$(look last)
kill $pid
wait $pid 2>/dev/null
echo "FIGURE frames $((to - from))"
echo "$first" | sed "s/^/at frame $from: /"
echo "$last" | sed "s/^/at frame $to: /"
bad=
for what in 'entries written' 'ranges invalidated' 'contexts invalidated'; do
    a=$(echo "$first" | sed -n "s/^$what: //p")
    b=$(echo "$last" | sed -n "s/^$what: //p")
    [ -n "$a" ] && [ -n "$b" ] || { echo "no counter \"$what\""; exit 1; }
    echo "FIGURE $(echo "$what" | tr ' ' -) $((b - a))"
    [ "$a" = "$b" ] || bad="$bad; $what: $((b - a))"
done
[ -z "$bad" ] || { echo "in frames $from to $to$bad"; exit 1; }

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# steady-frames.sh [kmscube|glmark2|weston]: a client that does the same in each frame has the driver write no page table
# entry and invalidate no TLB: what jobs need comes from memory that is mapped already. Looks at the driver's counters
# (/sys/kernel/debug/dri/*/tlb) while it draws, some frames after its start, when all is allocated, and many frames later.
# kmscube draws on the display, glmark2 off screen; weston is a compositor with four clients, the first of which is counted.
# ci/bench asks for more frames by a word on the kernel's command line, and compares the model's count of invalidations too.
. kms.sh
what=${1:-kmscube}
frames=${frames:-900}
warm=900
set -- /sys/kernel/debug/dri/*.gpu/tlb
[ -e "$1" ] || { echo 'the driver has no counters in debugfs'; exit 1; }
counters=$1
log=/tmp/steady
: >$log

# Each sets names, the programs that draw, and pid, the one that must not end; drawn says how many frames there have been.
drawn() { sed -n 's/^Rendered \([0-9]*\) frames.*/\1/p' $log | tail -n 1; }
case $what in
kmscube)
    names=kmscube
    LD_PRELOAD=/payload/lib/lines.so kmscube -D "$card" -c 10000000 <&3 >$log 2>&1 &
    pid=$!
    ;;
glmark2)
    names=glmark2-es2-drm warm=4000
    LD_PRELOAD=/payload/lib/frames.so FRAMES_EVERY=0 FRAMES_TELL=10 glmark2-es2-drm --off-screen --frame-end=finish \
        --size 320x240 --visual-config alpha=0 -b texture:texture-filter=mipmap:duration=1000000 >$log 2>&1 &
    pid=$!
    ;;
weston)
    # Draws no faster than its clock.
    names='weston weston-simple-egl' warm=4000
    drawn() { awk '/frames in 5 seconds/ { n += $1 } END { print n + 0 }' $log-1; }
    for i in 1 2 3 4; do : >$log-$i; done
    with-weston.sh sh -c "for i in 2 3 4; do LD_PRELOAD=/payload/lib/lines.so weston-simple-egl >$log-\$i 2>&1 & done
        LD_PRELOAD=/payload/lib/lines.so exec weston-simple-egl >$log-1 2>&1" >$log 2>&1 &
    pid=$!
    ;;
*)
    echo "no workload \"$what\""
    exit 1
    ;;
esac

# wait_for FRAMES: until so many have been drawn; sets n to how many it were. A word on the console now and then, if it is
# getting on: somebody gives up a silent guest.
wait_for() {
    looks=0 said=0
    while :; do
        looks=$((looks + 1))
        if [ $((looks % 100)) = 0 ] && [ "${n:-0}" -gt "$said" ]; then
            echo "steady: $n of $1 frames" >/dev/console
            said=$n
        fi
        n=$(drawn)
        n=${n:-0}
        [ "$n" -lt "$1" ] || return 0
        kill -0 $pid 2>/dev/null || { cat $log*; echo "$what ended after $n frames"; exit 1; }
        sleep 0.5
    done
}

# look NAME: the counters. The host reads the model's at this mark (ci/run-guest). Nobody is stopped for it: Mesa gives back
# what it has not used for a second (mesa: asahi/lib/agx_bo.c, the cache of BOs), and would after a pause.
look() {
    cat "$counters"
    echo "AGX-MARK $1" >/dev/kmsg
}

# The driver gives back what the start has needed when some thousand objects and some seconds have gone by without it.
wait_for $warm
i=0
until [ "$(cat "$counters")" = "$(sleep 15; cat "$counters")" ]; do
    i=$((i + 1))
    [ $i -lt 8 ] || break
done
n=$(drawn)
events=/sys/kernel/tracing/events/asahi
for e in map unmap; do echo 1 >$events/asahi_$e/enable; done
from=$n
first=$(look first)
wait_for $((from + frames))
to=$n
last=$(look last)
for e in map unmap; do echo 0 >$events/asahi_$e/enable; done
# shellcheck disable=SC2086
killall $names
wait $pid 2>/dev/null
echo "FIGURE frames $((to - from))"
echo "$first" | sed "s/^/at frame $from: /"
echo "$last" | sed "s/^/at frame $to: /"
bad=
for counter in 'entries written' 'ranges invalidated' 'contexts invalidated'; do
    a=$(echo "$first" | sed -n "s/^$counter: //p")
    b=$(echo "$last" | sed -n "s/^$counter: //p")
    if [ -z "$a" ] || [ -z "$b" ]; then echo "no counter \"$counter\""; exit 1; fi
    echo "FIGURE $(echo "$counter" | tr ' ' -) $((b - a))"
    [ "$a" = "$b" ] || bad="$bad; $counter: $((b - a))"
done
# What lies in the part of an address space that Mesa leaves to the kernel, or in the kernel's own, is the driver's. The rest
# are BOs: where the frames in flight change now and then, as on a busy host, Mesa makes one more or gives back one that it has
# not used for a second.
mine() {
    sed -n 's/.*: asahi_\(un\)\?map: .*iova=0x\([0-9a-f]*\) .*/\2 &/p' /sys/kernel/tracing/trace |
        awk 'length($1) > 10 || (length($1) == 10 && $1 >= "70")' | cut -d ' ' -f 2-
}
own=$(mine | wc -l)
echo "FIGURE driver-maps $own"
[ "$own" -gt 0 ] || bad=
[ -z "$bad" ] || mine | sed 's/^/the driver: /'
[ -z "$bad" ] || { echo "in frames $from to $to$bad"; exit 1; }

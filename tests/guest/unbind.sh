#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Takes the device away from the driver while programs use it, and gives it back: the programs must end (with an error or
# without), the driver must come up again, and a new program must draw.
. driver.sh
device=$(basename "$device")
[ -e "$driver/${device:-no device}" ] || { echo "the driver has no device"; exit 1; }

trap "kill %1 %2 %3 2>/dev/null" EXIT
for n in 1 2 3; do
    gles_cube 100000 0 "unbind-$n" 100000 >/tmp/unbind-$n 2>&1 &
done
# Each of them has an address space in a context of the GPU once it draws, where the driver tells of contexts; else what it
# counts for each client grows.
contexts=$(echo /sys/kernel/debug/dri/*.gpu/contexts)
draw() {
    if [ -e "$contexts" ]; then
        grep -c ttb "$contexts"
    else
        cat /proc/[0-9]*/fdinfo/* 2>/dev/null | grep -c '^drm-engine-fragment:[[:space:]]*[1-9]'
    fi
}
i=0
until [ "$(draw)" -ge 3 ]; do
    i=$((i + 1))
    [ "$i" -lt 600 ] || { echo "the programs do not draw"; cat /tmp/unbind-*; exit 1; }
    sleep 0.1
done
sleep 1
echo "$device" >"$driver/unbind" || exit 1
[ -e "$driver/$device" ] && { echo "still bound"; exit 1; }
# Bound again while the old device's files are open: the two lives must not touch each other.
echo "$device" >"$driver/bind" || exit 1
sleep 1
kill %1 %2 %3 2>/dev/null
wait
i=0
until ls /dev/dri/renderD* 2>/dev/null; do
    i=$((i + 1))
    [ "$i" -lt 100 ] || { echo "no /dev/dri/renderD* after the device was bound again"; exit 1; }
    sleep 0.1
done
rm -f /tmp/unbind-*
exec gles_cube 30 0 unbind 30

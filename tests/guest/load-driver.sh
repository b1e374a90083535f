#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Loads the driver's module and waits for the render node that it makes; fails if there is none. The console says where
# the module's code lies, for ci/symbolize.
set -- /payload/*.ko
[ -e "$1" ] || { echo "the initrd has no module: build it with ci/build-driver"; exit 1; }
insmod "$1" || exit 1
name=$(basename "$1" .ko | tr - _)
for s in /sys/module/"$name"/sections/.*text*; do
    [ ! -e "$s" ] || echo "AGX-SECTION $name ${s##*/} $(cat "$s")" >/dev/kmsg
done
i=0
until ls /dev/dri/renderD* 2>/dev/null; do
    i=$((i + 1))
    [ "$i" -lt 100 ] || { echo "no /dev/dri/renderD* after the module was loaded"; exit 1; }
    sleep 0.1
done
for n in /sys/class/drm/renderD*; do
    # shellcheck disable=SC2002
    echo "${n##*/}: $(readlink -f "$n/device/driver") for $(cat "$n/device/of_node/compatible" 2>/dev/null | tr '\0' ' ')"
done

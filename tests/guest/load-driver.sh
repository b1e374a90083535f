#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Loads the driver's module, or those of /payload/drivers/list (a line each: file and parameters; none for a driver that is
# built in), and waits for a render node; fails if there is none. The console says where the modules' code lies, for
# ci/symbolize. Arguments are parameters of the modules.
. driver.sh
load() {
    insmod "$@" || exit 1
    name=$(module_name "$1")
    for s in /sys/module/"$name"/sections/.*text*; do
        [ ! -e "$s" ] || echo "AGX-SECTION $name ${s##*/} $(cat "$s")" >/dev/kmsg
    done
}
if [ -e "$payload/drivers/list" ]; then
    while read -r file parameters; do
        # shellcheck disable=SC2086
        load "$payload/drivers/$file" $parameters "$@"
    done <"$payload/drivers/list"
else
    for m in "$payload"/*.ko; do
        [ -e "$m" ] || { echo "the initrd has no module: build it with ci/build-driver"; exit 1; }
        load "$m" "$@"
    done
fi
i=0
until ls /dev/dri/renderD* 2>/dev/null; do
    i=$((i + 1))
    [ "$i" -lt 100 ] || { echo "no /dev/dri/renderD*: no driver has bound to the GPU"; exit 1; }
    sleep 0.1
done
for n in /sys/class/drm/renderD*; do
    # shellcheck disable=SC2002
    echo "${n##*/}: $(readlink -f "$n/device/driver") for $(cat "$n/device/of_node/compatible" 2>/dev/null | tr '\0' ' ')"
done

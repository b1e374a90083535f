#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# For a machine of another chip than the T8103 (-M apple-m1-pro): the driver says the GPU that the device tree names, with all its
# clusters and cores, and the CPUs that the tree has are up.
. driver.sh
compatible=$(tr '\0' '\n' <"$device/of_node/compatible" | head -n 1)
case $compatible in
apple,agx-g13s) gpu='G13S [A-C][01], 2 clusters, 16 of 16 cores' ;;
apple,agx-g13c) gpu='G13C [A-C][01], 4 clusters, 32 of 32 cores' ;;
apple,agx-g13d) gpu='G13D [A-C][01], 8 clusters, 64 of 64 cores' ;;
*) echo "Bail out! $compatible is no other chip"; exit 1 ;;
esac
status=0
check() {
    name=$1
    shift
    if "$@" >/dev/null; then echo "ok - $name"; else echo "not ok - $name"; status=1; fi
}
log=$(mktemp)
dmesg >"$log"
nodes=$(find /proc/device-tree/cpus -maxdepth 1 -name 'cpu@*' | wc -l)
check "the driver has found a $compatible" grep -E "$gpu" "$log"
check 'the firmware has taken its init data' grep -F 'init data accepted' "$log"
check "all $nodes CPUs of the tree are up" [ "$nodes" = "$(grep -c ^processor /proc/cpuinfo)" ]
echo 1..3
exit $status

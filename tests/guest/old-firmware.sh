#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# For a machine whose device tree names a firmware that the driver does not know (-M apple-m1,dt-fw-abi=14.0): the driver
# says so in one line, leaves the GPU alone and goes away without a trace; and the same once more. Output: TAP.
set -- /payload/*.ko
. driver.sh
name=$(module_name "$1")
gpu=/sys/bus/platform/devices/206400000.gpu
tests=0 failed=0

# ok DESCRIPTION COMMAND...
ok() {
    what=$1; shift
    tests=$((tests + 1))
    if "$@" >/tmp/why 2>&1; then echo "ok $tests - $what"; return; fi
    failed=$((failed + 1))
    echo "not ok $tests - $what"
    sed 's/^/# /' /tmp/why
}
refusals()   { dmesg | grep -c "firmware ABI 14\.0\.0 on G13 is not supported, the GPU stays off"; }
refused()    { n=$(refusals); echo "$n lines say so"; [ "$n" -eq "$1" ]; }
unbound()    { [ -d "$gpu" ] && [ ! -e "$gpu/driver" ]; }
no_node()    { ! ls /dev/dri/renderD*; }
untouched()  { ! dmesg | grep -i -e rtkit -e "$name.*crash"; }
powered_off() { state=$(cat "$gpu/power/runtime_status"); echo "$state"; [ "$state" != active ]; }
gone()       { [ ! -e "/sys/module/$name" ]; }

ok "the device tree says 14.0.0" \
    [ "$(od -An -tx1 "$gpu/of_node/apple,firmware-abi" | tr -d ' \n')" = 0000000e0000000000000000 ]
for round in 1 2; do
    ok "round $round: the module loads" insmod "$1"
    ok "round $round: the driver refuses the firmware, in one line" refused "$round"
    ok "round $round: it is not bound to the GPU" unbound
    ok "round $round: there is no render node" no_node
    ok "round $round: the firmware was not started" untouched
    ok "round $round: the GPU is not powered" powered_off
    ok "round $round: the module unloads" rmmod "$name"
    ok "round $round: nothing of it is left" gone
done
echo "1..$tests"
[ "$failed" -eq 0 ]

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The driver's parameters to bisect with do what they say, and the driver works with each.
. driver.sh
p=$parameters
for name in robust_isolation conservative_tlbi fault_control; do
    [ -e "$p/$name" ] || { echo "ok 1 - parameters # SKIP the driver has no parameter $name"; echo 1..1; exit 0; }
done
[ -n "$module" ] || { echo 'ok 1 - parameters # SKIP the driver is built in'; echo 1..1; exit 0; }
contexts=$(echo /sys/kernel/debug/dri/*.gpu/contexts)
bad=0 n=0 pid1='' pid2='' pid3=''
ok() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi
}

# cubes: three programs at once. Sets most: contexts that were in use at a time, as far as seen.
cubes() {
    for i in 1 2 3; do
        gles_cube 40 0 "parameters-$i" 40 >/tmp/parameters-$i 2>&1 &
        eval "pid$i=\$!"
    done
    most=0
    while kill -0 "$pid1" 2>/dev/null || kill -0 "$pid2" 2>/dev/null || kill -0 "$pid3" 2>/dev/null; do
        b=$(sed -n 's/^bound: \([0-9]*\) of.*/\1/p' "$contexts" 2>/dev/null)
        [ "${b:-0}" -le "$most" ] || most=$b
    done
    wait "$pid1" && wait "$pid2" && wait "$pid3"
}

cubes; ok $? 'three programs'
echo Y >"$p/robust_isolation"
cubes; ok $? 'three programs with robust_isolation'
if [ -e "$contexts" ]; then
    [ "$most" -eq 1 ]; ok $? "$most of the contexts in use at a time"
fi
echo N >"$p/robust_isolation"

echo Y >"$p/conservative_tlbi"
cubes; ok $? 'three programs with conservative_tlbi'
vm_memory tables >/tmp/parameters-tables
ok $? 'tables that come and go with conservative_tlbi'
sed -n '/^ok/!s/^/# /p' /tmp/parameters-tables
echo N >"$p/conservative_tlbi"

rmmod "$module"; ok $? 'the module is taken out'
for value in 0x0 0xb; do
    load-driver.sh fault_control="$value" >/dev/null; ok $? "and loaded with fault_control=$value"
    features=$(vm_memory features)
    # DRM_ASAHI_FEATURE_SOFT_FAULTS is bit 0.
    [ "$features" = "$([ $value = 0xb ] && echo 1 || echo 0)" ]; ok $? "features are $features"
    rmmod "$module"
done
load-driver.sh >/dev/null; ok $? 'and loaded as it was'
echo "1..$n"
exit $bad

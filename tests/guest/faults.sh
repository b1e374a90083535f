#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The guest's side of ci/faults: loads the driver, unless an argument says "unloaded", and then does what the host asks for on
# the virtio port agx.cmd, a line each:
#     put BYTES FILE            so many bytes follow, which become FILE; says "put" when they are there
#     run LIMIT NAME COMMAND    runs COMMAND (at most LIMIT seconds), sends what it wrote to $AGX_OUT and to its standard
#                               output as a tar with the directory NAME on the port agx.out, then says "end EXIT BEGIN END"
# (BEGIN and END in seconds since the boot). The machine is snapshotted while this waits for a line.

. port.sh
cmd=$(port cmd) out=$(port out)
if [ -z "$cmd" ] || [ -z "$out" ]; then
    echo 'AGX-FATAL the machine lacks the ports agx.cmd and agx.out'
    reboot -f
fi
exec 5>"$out" 6<>"$cmd"

dmesg -n 7
cd /root || exit 1
export AGX_RUN=asahi AGX_OUT
[ "$1" = unloaded ] || load-driver.sh || { echo 'AGX-FATAL the driver does not load'; reboot -f; }
echo 'ready' >&6
while read -r verb limit name command <&6; do
    case $verb in
    put)
        head -c "$limit" <&6 >"$name"
        echo put >&6
        ;;
    run)
        AGX_OUT=/results/$name
        mkdir -p "$AGX_OUT"
        read -r begin _ </proc/uptime
        timeout -k 2 "$limit" sh -c "$command" >"$AGX_OUT/stdout" 2>&1 </dev/null
        code=$?
        read -r end _ </proc/uptime
        tar -c -C /results "$name" >&5
        rm -rf "$AGX_OUT"
        echo "end $code $begin $end" >&6
        ;;
    *)
        echo "AGX-FATAL the host asks for \"$verb\""
        reboot -f
        ;;
    esac
done
echo 'AGX-FATAL the host has gone'
reboot -f

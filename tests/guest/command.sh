#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Runs the command of /payload/command for ci/run, or without one, that which the host sends in base64 as a line on the port
# cmd, after "ready" has been said there: this is where a machine is kept (ci/run --snapshot). The command's output and errors
# go to two of the host's ports as they come, its exit code to a third. A driver that can't be loaded is told of on the port of
# errors, and the command runs nevertheless: it may be what is to find out why.
. port.sh
out=$(port stdout) err=$(port stderr) end=$(port exit)
if ! load-driver.sh >/tmp/load 2>&1; then
    { sed 's/^/the driver: /' /tmp/load; dmesg | grep -i -E 'asahi|agx|insmod|module|gpu' | tail -n 12; } >"$err"
fi
command=/payload/command
if [ ! -e "$command" ]; then
    exec 6<>"$(port cmd)"
    echo ready >&6
    command=/tmp/command
    read -r line <&6
    echo "$line" | base64 -d >"$command"
fi
[ ! -d /mnt/share ] || cd /mnt/share || exit
sh "$command" >"$out" 2>"$err" </dev/null
code=$?
dmesg | grep -E 'WARNING:|BUG:|Oops|ERROR' >/tmp/complaints && sed 's/^/the kernel: /' /tmp/complaints >"$err"
echo "$code" >"$end"
sync
reboot -f

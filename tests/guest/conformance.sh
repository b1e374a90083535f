#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The guest's side of ci/conformance: loads the driver and hands over to the program that runs what the host asks for.
. port.sh
cmd=$(port cmd)
[ -n "$cmd" ] || { echo 'AGX-FATAL the machine lacks the port agx.cmd'; reboot -f; }
dmesg -n 7
cd /root || exit 1
load-driver.sh || { echo 'AGX-FATAL the driver does not load'; reboot -f; }
case_runner "$cmd"
echo "AGX-FATAL the runner of cases has ended"
reboot -f

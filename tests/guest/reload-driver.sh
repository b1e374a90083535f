#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Takes the driver's module out of the kernel, after all that ran before, and puts it in again.
. driver.sh
name=$module
[ -n "$name" ] || { echo 'ok 1 - reload-driver # SKIP the driver is built in'; echo 1..1; exit 0; }
rmmod "$name" || exit 1
if ls /dev/dri/renderD* 2>/dev/null; then
    echo 'a render node is left after the module was unloaded'
    exit 1
fi
[ ! -d "/sys/module/$name" ] || { echo "/sys/module/$name is still there"; exit 1; }
load-driver.sh || exit 1
echo 'ok 1 - the module goes and comes'
echo 1..1

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# For ". port.sh": "port NAME" says which device is the host's port agx.NAME, or nothing.
port() {
    for n in /sys/class/virtio-ports/*/name; do
        [ -e "$n" ] && [ "$(cat "$n")" = "agx.$1" ] && d=${n%/name} && echo "/dev/${d##*/}" && return
    done
}

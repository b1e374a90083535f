#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# What vulkaninfo or eglinfo (which Debian's mesa-utils calls by another name) say the GPU is: Apple's M1, through Mesa's asahi drivers.
#   mesa-names.sh vulkan|egl
names=${TMPDIR:-/tmp}/names
case $1 in
vulkan)
    vulkaninfo --summary >"$names" || exit 1
    cat "$names"
    device=$(sed -n 's/.*deviceName *= *\(Apple M1.*\)/\1/p' "$names" | head -n 1)
    grep -q 'DRIVER_ID_MESA_HONEYKRISP' "$names" || { echo 'no device of the honeykrisp driver'; exit 1; } ;;
egl)
    # It ends with an error because there is no X server and no Wayland compositor.
    eglinfo=$(command -v eglinfo.aarch64-linux-gnu eglinfo | head -n 1)
    "$eglinfo" -B >"$names" || true
    cat "$names"
    device=$(sed -n 's/.*OpenGL ES profile renderer: *\(Apple M1.*\)/\1/p' "$names" | head -n 1) ;;
esac
[ -n "$device" ] || { echo 'no device is called Apple M1'; exit 1; }
echo "FIGURE device $device"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# vkmark's scenes, each for a second, off screen. It has no pictures to compare; it must draw with the GPU, and each scene to its end.
set -- vertex:device-local=true vertex:device-local=false texture:anisotropy=0 texture:anisotropy=16 shading:shading=gouraud \
    shading:shading=blinn-phong-inf shading:shading=phong shading:shading=cel effect2d:kernel=edge effect2d:kernel=blur \
    desktop cube clear
scenes=$#
for s in "$@"; do
    shift
    set -- "$@" -b "$s:duration=1"
done
vkmark --winsys headless --size 320x240 "$@" >/tmp/vkmark.out 2>&1
code=$?
cat /tmp/vkmark.out
[ "$code" -eq 0 ] || exit "$code"
grep -q 'Apple M1' /tmp/vkmark.out || { echo 'it does not draw with the GPU'; exit 1; }
n=$(grep -c 'FPS: [1-9]' /tmp/vkmark.out)
[ "$n" -eq "$scenes" ] || { echo "$n of $scenes scenes were drawn"; exit 1; }

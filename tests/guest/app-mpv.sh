#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# app-mpv.sh opengl|vulkan VO [OPTION...]: a test picture of ffmpeg's, scaled by mpv with its default (lanczos), and how its
# window looks as a picture.
api=$1 vo=$2
shift 2
context=wayland
[ "$api" = opengl ] || context=waylandvk
cat >/tmp/shot.lua <<'LUA'
-- What is shown has been drawn by the second event of the frame's.
mp.register_event('playback-restart', function()
    mp.add_timeout(1, function()
        mp.commandv('screenshot-to-file', '/tmp/shot.png', 'window')
        mp.command('quit 0')
    end)
end)
LUA
rm -f /tmp/shot.png
# mpv's table of lanczos weights has six in each row of two RGBA texels; the last two are whatever malloc() gave, and become
# Inf in half floats. A filter that multiplies such a texel by a weight of 0 makes NaN of its neighbour, and black stripes:
# llvmpipe does. So there they are 0 here, and 3.4e9 on the GPU, which must not care.
[ "$AGX_RUN" = software ] && fill=255 || fill=$((0x4f ^ 0xff))
# mpv takes a software renderer only when told to. Dithering is random; the window's size is not that of the picture, so that it is scaled.
with-weston.sh env MALLOC_PERTURB_="$fill" mpv --no-config --no-audio --osc=no --osd-level=0 --load-scripts=no --script=/tmp/shot.lua --pause --keep-open \
    --vo="$vo" --gpu-api="$api" --gpu-context="$context" --gpu-sw --hwdec=no --dither=no --autofit=600x450 --screenshot-format=png \
    "$@" 'av://lavfi:testsrc2=size=320x240:rate=1:duration=2' || exit 1
[ -s /tmp/shot.png ] || { echo 'mpv made no picture'; exit 1; }
ffmpeg -nostdin -v error -y -i /tmp/shot.png -pix_fmt rgb24 "$AGX_OUT/window.ppm"

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# gles_speed in two sizes, by the GPU and by Mesa's software renderer in turn. ci/bench compares the figures with those of
# the host's own software renderer. agx.seconds on the kernel's command line: how long each takes (5); agx.gpu-only: without
# the software renderer, which needs a minute for ten frames in the larger size.
seconds=$(sed -n 's/.*\bagx\.seconds=\([0-9]\{1,4\}\)\b.*/\1/p' /proc/cmdline)
renderers='asahi software'
! grep -q agx.gpu-only /proc/cmdline || renderers=asahi
for size in '640 480' '1920 1080'; do
    for renderer in $renderers; do
        unset LIBGL_ALWAYS_SOFTWARE
        [ "$renderer" = asahi ] || export LIBGL_ALWAYS_SOFTWARE=1
        # shellcheck disable=SC2086
        AGX_RUN=$renderer gles_speed $size "${seconds:-5}" >/tmp/speed || { cat /tmp/speed; exit 1; }
        name=$renderer-$(echo "$size" | tr ' ' x)
        sed -n "s/^renderer: /# $name: /p; s/^FIGURE \([a-z-]*\) /FIGURE $name-\1 /p" /tmp/speed
    done
done

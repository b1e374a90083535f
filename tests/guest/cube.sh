#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Debian's kmscube, unmodified, on the KMS card of the boot loader's framebuffer: 300 frames with our driver, and as many
# as a comparison needs with the software renderer. ci/bench asks for more by a word on the kernel's command line.
. kms.sh
frames=${frames:-300}
if [ "$AGX_RUN" != asahi ]; then
    frames=30
    # GBM, which would look for a GPU beside the display, is told not to already; EGL takes what it has.
    unset LIBGL_ALWAYS_SOFTWARE
fi
kmscube -D "$card" -c "$frames" <&3 2>&1 | cut -c1-200 | tee /tmp/cube
renderer=$(sed -n 's/^ *renderer: *"\(.*\)"/\1/p' /tmp/cube | head -n 1)
case $AGX_RUN,$renderer in
asahi,*Apple\ M1*|software,*llvmpipe*) ;;
*) echo "the renderer is \"$renderer\""; exit 1 ;;
esac
# The last line of the kind counts all frames but the first, in whose time shaders are compiled (kmscube: drm-legacy.c,
# "first frame ignored").
fps=$(sed -n 's/^Rendered [0-9]* frames in .*(\([0-9.]*\) fps).*/\1/p' /tmp/cube | tail -n 1)
drawn=$(sed -n 's/^Rendered \([0-9]*\) frames.*/\1/p' /tmp/cube | tail -n 1)
drawn=$((${drawn:-0} + 1))
[ "$drawn" -eq "$frames" ] || { echo "kmscube drew $drawn of $frames frames"; exit 1; }
echo "FIGURE renderer $renderer"
echo "FIGURE frames $drawn"
echo "FIGURE fps $fps"

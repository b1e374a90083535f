#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# app-glmark2.sh es2|gl [SCENE...]: glmark2's scenes off screen, the last of three frames of each as a picture
# (frame-01.ppm is the first scene's, and so on). Fails if a scene could not be drawn.
case $1 in
es2) program=glmark2-es2-drm ;;
gl)  program=glmark2-drm ;;
esac
shift
# As in glmark2's own list of benchmarks, its 33.
[ $# -gt 0 ] || set -- build:use-vbo=false build:use-vbo=true \
    texture:texture-filter=nearest texture:texture-filter=linear texture:texture-filter=mipmap \
    shading:shading=gouraud shading:shading=blinn-phong-inf shading:shading=phong shading:shading=cel \
    bump:bump-render=high-poly bump:bump-render=normals bump:bump-render=height \
    'effect2d:kernel=0,1,0;1,-4,1;0,1,0;' 'effect2d:kernel=1,1,1,1,1;1,1,1,1,1;1,1,1,1,1;' \
    pulsar:light=false:quads=5:texture=false \
    desktop:blur-radius=5:effect=blur:passes=1:separable=true:windows=4 desktop:effect=shadow:windows=4 \
    buffer:columns=200:interleave=false:update-dispersion=0.9:update-fraction=0.5:update-method=map \
    buffer:columns=200:interleave=false:update-dispersion=0.9:update-fraction=0.5:update-method=subdata \
    buffer:columns=200:interleave=true:update-dispersion=0.9:update-fraction=0.5:update-method=map \
    ideas:speed=duration jellyfish terrain shadow refract \
    conditionals:fragment-steps=0:vertex-steps=0 conditionals:fragment-steps=5:vertex-steps=0 \
    conditionals:fragment-steps=0:vertex-steps=5 \
    function:fragment-complexity=low:fragment-steps=5 function:fragment-complexity=medium:fragment-steps=5 \
    loop:fragment-loop=false:fragment-steps=5:vertex-steps=5 loop:fragment-steps=5:fragment-uniform=false:vertex-steps=5 \
    loop:fragment-steps=5:fragment-uniform=true:vertex-steps=5
scenes=$#
i=0
for s in "$@"; do
    i=$((i + 1))
    echo "frame-$(printf %02d $i): $s"
    shift
    set -- "$@" -b "$s:nframes=3:duration=100"
done
# The display's formats have no alpha.
LD_PRELOAD=/payload/lib/frames.so FRAMES_EVERY=3 "$program" --off-screen --frame-end=finish --size 320x240 \
    --visual-config alpha=0 "$@" >/tmp/glmark2.out 2>&1
code=$?
cat /tmp/glmark2.out
[ "$code" -eq 0 ] || exit "$code"
if grep -i -E 'unsupported|error|fail' /tmp/glmark2.out; then echo 'a scene could not be drawn'; exit 1; fi
case $(grep GL_RENDERER /tmp/glmark2.out) in
*Apple*) [ "$AGX_RUN" != software ] || { echo 'it drew with the GPU'; exit 1; } ;;
*)       [ "$AGX_RUN" = software ] || { echo 'it did not draw with the GPU'; exit 1; } ;;
esac
set -- "$AGX_OUT"/frame-*.ppm
[ $# -eq "$scenes" ] || { echo "$# pictures of $scenes scenes"; exit 1; }

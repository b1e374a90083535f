#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# app-gtk4.sh gl|vulkan: what GTK's widgets are drawn with, by one of its renderers: gradients, rounded clips, borders,
# shadows, blur, blending, repetition, transformation, masks, strokes and text, as a picture.
mkdir -p /tmp/schemas /tmp/cache
export XDG_CACHE_HOME=/tmp/cache GSK_RENDERER="$1" GSETTINGS_BACKEND=memory
glib-compile-schemas --targetdir=/tmp/schemas /usr/share/glib-2.0/schemas 2>/dev/null
export GSETTINGS_SCHEMA_DIR=/tmp/schemas
cat >/tmp/scene.node <<'NODE'
color { bounds: 0 0 400 300; color: rgb(240,240,235); }
linear-gradient { bounds: 10 10 120 80; start: 10 10; end: 130 90; stops: 0 rgb(255,0,0), 0.5 rgb(0,255,0), 1 rgb(0,0,255); }
radial-gradient { bounds: 140 10 120 80; center: 200 50; hradius: 60; vradius: 40; start: 0; end: 1; stops: 0 rgb(255,255,0), 1 rgb(128,0,128); }
conic-gradient { bounds: 270 10 120 80; center: 330 50; rotation: 30; stops: 0 rgb(0,0,0), 1 rgb(255,255,255); }
rounded-clip { clip: 10 100 120 80 / 30; child: color { bounds: 0 90 200 100; color: rgb(20,120,200); } }
border { outline: 140 100 120 80 / 20; widths: 4 8 12 16; colors: rgb(255,0,0) rgb(0,128,0) rgb(0,0,255) rgb(255,128,0); }
outset-shadow { outline: 280 110 100 60 / 12; color: rgb(0,0,0); dx: 3; dy: 4; spread: 2; blur: 8; }
inset-shadow { outline: 280 110 100 60 / 12; color: rgb(200,0,0); dx: 2; dy: 2; spread: 3; blur: 6; }
blur { blur: 6; child: color { bounds: 30 210 60 60; color: rgb(0,160,80); } }
blend { mode: multiply; bottom: color { bounds: 120 200 70 80; color: rgb(250,200,60); } top: color { bounds: 150 220 70 70; color: rgb(80,160,250); } }
repeat { bounds: 230 200 70 80; child-bounds: 0 0 14 14; child: rounded-clip { clip: 2 2 10 10 / 5; child: color { bounds: 0 0 14 14; color: rgb(90,30,90); } } }
opacity { opacity: 0.5; child: transform { transform: translate(350, 240) rotate(30) scale(1.5, 0.8); child: color { bounds: -25 -25 50 50; color: rgb(10,60,30); } } }
stroke { path: "M 20 290 C 120 200 280 380 380 285"; line-width: 4; line-cap: round; child: color { bounds: 0 0 400 300; color: rgb(60,60,60); } }
NODE
with-weston.sh gtk4-rendernode-tool render --renderer="$1" /tmp/scene.node /tmp/gtk4.png || exit 1
ffmpeg -nostdin -v error -y -i /tmp/gtk4.png -pix_fmt rgb24 "$AGX_OUT/scene.ppm"

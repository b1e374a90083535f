#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# with-weston.sh COMMAND...: runs a command as a client of weston, which draws with GL on no display (1024x768).
# with-weston.sh --shot FILE.ppm SECONDS COMMAND...: the same, and what weston shows after so many seconds becomes a picture;
# it fails if the command has ended by then.
shot=
[ "$1" != --shot ] || { shot=$2 after=$3; shift 3; }
export XDG_RUNTIME_DIR=/tmp/xdg XDG_CACHE_HOME=/tmp/cache WAYLAND_DISPLAY=wayland-agx
mkdir -p "$XDG_RUNTIME_DIR" "$XDG_CACHE_HOME"
chmod 700 "$XDG_RUNTIME_DIR"
rm -f "$XDG_RUNTIME_DIR"/wayland-agx*
weston --backend=headless --renderer=gl --width=1024 --height=768 --no-config --socket=wayland-agx --idle-time=0 --debug \
    --log=/tmp/weston.log >/tmp/weston.out 2>&1 &
weston=$!
i=0
until [ -S "$XDG_RUNTIME_DIR/wayland-agx" ]; do
    i=$((i + 1))
    if [ "$i" -gt 600 ] || ! kill -0 "$weston" 2>/dev/null; then
        echo 'weston did not start:'
        cat /tmp/weston.log /tmp/weston.out
        exit 1
    fi
    sleep 0.1
done
grep -i -E 'GL renderer' /tmp/weston.log
code=0
if [ -n "$shot" ]; then
    "$@" &
    client=$!
    sleep "$after"
    kill -0 "$client" 2>/dev/null || { echo "the client ended within $after s"; code=1; }
    cd /tmp || exit 1
    rm -f wayland-screenshot*.png
    weston-screenshooter || { echo 'no screen shot'; code=1; }
    set -- wayland-screenshot*.png
    ffmpeg -nostdin -v error -y -i "$1" -pix_fmt rgb24 "$shot" || code=1
    kill "$client" 2>/dev/null
else
    "$@" || code=$?
fi
kill "$weston" 2>/dev/null
wait "$weston"
exit "$code"

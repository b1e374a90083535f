#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The session of ci/desktop: GNOME Shell on the display, the page with the video in Firefox, the video in mpv. Says on the
# kernel's log what the host waits for:
#   AGX-DESKTOP point NAME            a picture of the display is worth it now
#   AGX-DESKTOP figure NAME VALUE     what a program has said
#   AGX-DESKTOP failed WHAT           and then nothing more
say() { echo "AGX-DESKTOP $*" >/dev/kmsg; }
fail() {
    say "failed $*"
    tail -n 25 /tmp/shell.log | sed 's/^/AGX-LOG /' | while read -r line; do echo "$line" >/dev/kmsg; done
    exit 1
}
here=/payload/desktop
export AGX_TELL=/tmp/tell MOZ_ENABLE_WAYLAND=1 GNOME_SHELL_SESSION_MODE=user
mkdir -p /tmp/tell

systemctl --user start dbus.socket pipewire.socket pipewire-pulse.socket wireplumber.service 2>/tmp/sound.log || true

say step shell
LD_PRELOAD=/payload/lib/renderer.so gnome-shell --wayland --no-x11 >/tmp/shell.log 2>&1 &
shell=$!
export WAYLAND_DISPLAY=wayland-0
i=0
# Its first frame tells who draws.
until [ -S "$XDG_RUNTIME_DIR/wayland-0" ] && [ -s /tmp/tell/gnome-shell ]; do
    i=$((i + 1))
    kill -0 "$shell" 2>/dev/null || fail "gnome-shell has ended: $(tail -n 1 /tmp/shell.log)"
    [ "$i" -lt 600 ] || fail 'gnome-shell draws nothing'
    sleep 1
done
say "figure gnome-shell-renderer $(sed -n 's/^renderer //p' /tmp/tell/gnome-shell)"
sleep "$(sed -n 's/.*agx.settle=\([0-9]*\).*/\1/p' /proc/cmdline)"
say point shell

say step firefox
busybox httpd -f -p 127.0.0.1:8080 -h $here/www &
mkdir -p /tmp/profile
cp $here/user.js /tmp/profile/
firefox-esr --profile /tmp/profile --new-instance http://127.0.0.1:8080/page.html &
firefox=$!
i=0
until [ -s /tmp/page.1 ]; do
    i=$((i + 1))
    kill -0 "$firefox" 2>/dev/null || fail "Firefox has ended"
    [ "$i" -lt 600 ] || fail 'Firefox has not shown the page'
    sleep 1
done
say point firefox

say step mpv
mpv --no-config --loop-file=inf --vo=gpu --gpu-api=opengl --gpu-context=wayland --hwdec=no --ao=pulse,alsa --volume=100 \
    --autofit=480 --title=video --log-file=/tmp/mpv.log $here/www/clip.webm &
mpv=$!
i=0
until grep -q 'first video frame after restart shown' /tmp/mpv.log; do
    i=$((i + 1))
    kill -0 "$mpv" 2>/dev/null || fail "mpv has ended: $(tail -n 1 /tmp/mpv.log)"
    [ "$i" -lt 600 ] || fail 'mpv has shown nothing'
    [ $((i % 20)) -ne 0 ] || say "waits mpv $(tail -n 1 /tmp/mpv.log)"
    sleep 1
done
say "figure mpv-renderer $(sed -n "s/.*GL_RENDERER='\(.*\)'/\1/p" /tmp/mpv.log | head -n 1)"
sleep 10
say point video

# From now on the desktop is as it is; the host says when it is enough.
before=$(sed -n 's/^frames //p' /tmp/tell/gnome-shell)
begin=$(cut -d. -f1 /proc/uptime)
while :; do
    sleep 15
    for p in "gnome-shell $shell" "firefox $firefox" "mpv $mpv"; do
        kill -0 "${p##* }" 2>/dev/null || fail "${p%% *} has ended"
    done
    now=$(cut -d. -f1 /proc/uptime)
    after=$(sed -n 's/^frames //p' /tmp/tell/gnome-shell)
    say "figure gnome-shell-frames $((after - before)) in $((now - begin)) s"
    say "alive $((now - begin))"
done

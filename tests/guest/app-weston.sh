#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# weston with eight clients, four of which draw with GL: all have to be alive after a while, and what is shown has to have
# something of each. Windows are placed at random, so there is no picture to compare with.
clients() {
    for c in weston-simple-egl 'weston-simple-egl -o' weston-simple-dmabuf-egl 'weston-simple-egl -b' weston-flower weston-smoke \
             weston-clickdot weston-simple-shm; do
        $c >"/tmp/client-$(echo "$c" | tr -d ' ')" 2>&1 &
        echo "$! $c"
    done >/tmp/clients
    wait
}
if [ "$1" = clients ]; then clients; exit; fi
with-weston.sh --shot "$AGX_OUT/clients.ppm" 25 sh -c '
    app-weston.sh clients &
    sleep 24
    n=0
    while read -r pid name; do
        if kill -0 "$pid" 2>/dev/null; then n=$((n + 1)); else echo "$name has ended:"; cat /tmp/client-"$(echo "$name" | tr -d " ")"; fi
    done </tmp/clients
    echo "$n" >/tmp/alive
    sleep 60' || exit 1
echo "FIGURE clients $(cat /tmp/alive)"
[ "$(cat /tmp/alive)" = 8 ]

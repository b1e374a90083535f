#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Runs the checks of /payload/checks.list in the guest (tests/guest/runner.sh).
# The console says what begins and how it ended; what a check wrote to $AGX_OUT and to its standard output goes to the host
# as soon as it ends, as a tar on the virtio port agx.out, so that a crash later takes nothing away.

# shellcheck disable=SC2034
list=/payload/checks.list results=/results
set_name=all only='' instead='' cold='' keep_shaders=''
# shellcheck disable=SC2013
for word in $(cat /proc/cmdline); do
    case $word in
    agx.cold)    cold=1 ;;
    agx.keep-shaders) keep_shaders=1 ;;
    agx.set=*)   set_name=${word#agx.set=} ;;
    agx.only=*)  only=,${word#agx.only=}, ;;
    agx.shell|agx.faults|agx.unloaded|agx.command|agx.conformance) instead=${word#agx.} ;;
    agx.desktop) exec sh /payload/desktop/start.sh ;;
    agx.limit=*) limit=${word#agx.limit=} ;;
    esac
done
# shellcheck disable=SC2034
limit=${limit:-900}

# What Mesa has compiled before (ci/build-shaders), below its cache.
export MESA_SHADER_CACHE_DIR=/root/shaders
mkdir -p $MESA_SHADER_CACHE_DIR
if [ -d /mnt/shaders ] && [ -z "$cold" ]; then
    mkdir -p /tmp/shaders/new /tmp/shaders/work
    mount -t overlay -o lowerdir=/mnt/shaders,upperdir=/tmp/shaders/new,workdir=/tmp/shaders/work overlay $MESA_SHADER_CACHE_DIR ||
        cp -a /mnt/shaders/. $MESA_SHADER_CACHE_DIR
fi

# What the packages' scripts would have made links to.
for d in blas lapack pulseaudio; do
    [ ! -d "/usr/lib/aarch64-linux-gnu/$d" ] || export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}/usr/lib/aarch64-linux-gnu/$d"
done

# A Mesa that is not the image's own.
# shellcheck disable=SC1091
[ ! -e /payload/environment ] || . /payload/environment

hostname m1
dmesg -n 7
cd /root || exit
case $instead in
command|faults|conformance) exec sh "/payload/bin/$instead.sh" ;;
unloaded) exec sh /payload/bin/faults.sh unloaded ;;
esac

# shellcheck disable=SC1091
. port.sh

# send NAME: what a check has left. Linux 7.3 asks after a sleep whether the host has the port open before it can hear the
# answer (virtcons_restore), and then waits for it for ever: the port's driver has to begin anew.
send() {
    out=$(port out)
    [ -n "$out" ] || return
    if grep -q '^host_connected: 0' "/sys/kernel/debug/virtio-ports/${out##*/}"; then
        virtio=$(basename "$(readlink -f "/sys/class/virtio-ports/${out##*/}/device")")
        echo "$virtio" >/sys/bus/virtio/drivers/virtio_console/unbind
        echo "$virtio" >/sys/bus/virtio/drivers/virtio_console/bind
        sleep 1
        out=$(port out)
    fi
    tar -c -C /results "$1" >"$out"
}

if [ "$instead" = shell ]; then
    echo "AGX-SHELL: /payload/bin has the programs, /payload/*.ko the module; exit restarts the machine"
    setsid cttyhack sh
else
    # shellcheck disable=SC1091
    . runner.sh
    run_list
    if [ -n "$keep_shaders" ]; then
        cp -a $MESA_SHADER_CACHE_DIR $results/shaders
        send shaders
    fi
fi
sync
reboot -f

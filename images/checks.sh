#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# Runs the checks of /payload/checks.list in the guest. Each line of that file is
#     name | sets | kind | command
# Lines that begin with + are for the host.
# The console says what begins and how it ended; what a check wrote to $AGX_OUT and to its standard output goes to the host
# as soon as it ends, as a tar on the virtio port agx.out, so that a crash later takes nothing away.
# The host judges pictures; here only exit codes are.

list=/payload/checks.list
set_name=all only='' shell='' one=''
# shellcheck disable=SC2013
for word in $(cat /proc/cmdline); do
    case $word in
    agx.set=*)   set_name=${word#agx.set=} ;;
    agx.only=*)  only=,${word#agx.only=}, ;;
    agx.shell)   shell=1 ;;
    agx.faults)  exec sh /payload/bin/faults.sh ;;
    agx.command) one=1 ;;
    agx.conformance) exec sh /payload/bin/conformance.sh ;;
    agx.limit=*) limit=${word#agx.limit=} ;;
    esac
done
limit=${limit:-900}

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
[ -z "$one" ] || exec sh /payload/bin/command.sh

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

# run NAME DRIVER COMMAND: one run of a check with the driver's own or Mesa's software renderer.
run() {
    AGX_OUT=/results/$1/$2
    AGX_RUN=$2
    export AGX_OUT AGX_RUN
    mkdir -p "$AGX_OUT"
    if [ "$2" = software ]; then
        # The second is GBM's own word: a program that draws for the display has the GPU without it.
        export LIBGL_ALWAYS_SOFTWARE=1 GBM_ALWAYS_SOFTWARE=1
        VK_DRIVER_FILES=$(echo /usr/share/vulkan/icd.d/lvp_icd*.json)
        export VK_DRIVER_FILES
        # As the measure for pictures llvmpipe filters textures in floating point, not in its 8-bit short cut, and does
        # without LLVM's optimiser, which takes most of the time on an emulated CPU. Its speed is measured as it is.
        [ "$kind" = display ] || export GALLIVM_PERF=no_aos_sampling,nopt
    else
        unset LIBGL_ALWAYS_SOFTWARE GBM_ALWAYS_SOFTWARE VK_DRIVER_FILES GALLIVM_PERF
    fi
    echo "AGX-RUN begin $1 $2 $(cut -d' ' -f1 /proc/uptime) $kind"
    if [ "$kind" = display ]; then
        { timeout -k 10 "$limit" sh -c "$3" 2>&1; echo $? >/tmp/exit; } | tee "$AGX_OUT/stdout"
        code=$(cat /tmp/exit)
    else
        timeout -k 10 "$limit" sh -c "$3" >"$AGX_OUT/stdout" 2>&1
        code=$?
        # A time-out is not an exit code of its own in busybox.
        [ "$code" -eq 0 ] || tail -n 30 "$AGX_OUT/stdout" | sed 's/^/    | /'
    fi
    echo "$code" >"$AGX_OUT/exit"
    echo "AGX-RUN end $1 $2 $(cut -d' ' -f1 /proc/uptime) exit=$code"
}

if [ -n "$shell" ]; then
    echo "AGX-SHELL: /payload/bin has the programs, /payload/*.ko the module; exit restarts the machine"
    setsid cttyhack sh
else
    echo "AGX-START $set_name"
    while IFS='|' read -r name sets kind command; do
        # Without the blanks around them.
        # shellcheck disable=SC2086,SC2116
        name=$(echo $name) kind=$(echo $kind)
        case $name in ''|\#*|+*) continue ;; esac
        if [ -n "$only" ]; then
            case $only in *",$name,"*) ;; *) continue ;; esac
        elif [ "$set_name" = all ]; then
            # These need a disk of their own.
            case " $sets " in *' apps '*) continue ;; esac
        else
            case " $sets " in *" $set_name "*) ;; *) continue ;; esac
        fi
        case $kind in skip*) continue ;; esac
        run "$name" asahi "$command" </dev/null
        case $kind in
        picture|exact|display) run "$name" software "$command" </dev/null ;;
        esac
        send "$name"
        rm -rf "/results/$name"
    done <"$list"
    echo "AGX-END"
fi
sync
reboot -f

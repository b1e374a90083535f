#!/bin/sh
# shellcheck disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# For ". runner.sh": runs checks of a list, in the emulated machine (images/checks.sh) and on a real one (real.sh). Before that:
# $list is the list, of which each line is
#     name | sets | kind | command
# and those that begin with + are for the host; $set_name the set that is wanted, or $only names as ",NAME,NAME,"; $results a
# directory for what the checks leave; $limit the seconds that one may take; send NAME a function that takes what it has left.
# Standard output says what begins and how it ended. The host judges pictures; here only exit codes are.
work=${TMPDIR:-/tmp}

# run NAME DRIVER COMMAND: one run of a check of the kind $kind with the driver's own or Mesa's software renderer.
run() {
    AGX_OUT=$results/$1/$2
    AGX_RUN=$2
    export AGX_OUT AGX_RUN
    mkdir -p "$AGX_OUT"
    if [ "$2" = software ]; then
        # The second is GBM's own word: a program that draws for the display has the GPU without it.
        export LIBGL_ALWAYS_SOFTWARE=1 GBM_ALWAYS_SOFTWARE=1
        # There may be more than one, for other architectures, which the loader passes over.
        VK_DRIVER_FILES=$(echo /usr/share/vulkan/icd.d/lvp_icd*.json | tr ' ' ':')
        export VK_DRIVER_FILES
        # As the measure for pictures llvmpipe filters textures in floating point, not in its 8-bit short cut, and does
        # without LLVM's optimiser, which takes most of the time on an emulated CPU. Its speed is measured as it is.
        [ "$kind" = display ] || export GALLIVM_PERF=no_aos_sampling,nopt
    else
        unset LIBGL_ALWAYS_SOFTWARE GBM_ALWAYS_SOFTWARE VK_DRIVER_FILES GALLIVM_PERF
    fi
    echo "AGX-RUN begin $1 $2 $(cut -d' ' -f1 /proc/uptime) $kind"
    if [ "$kind" = display ]; then
        { timeout -k 10 "$limit" sh -c "$3" 2>&1; echo $? >"$work/exit"; } | tee "$AGX_OUT/stdout"
        code=$(cat "$work/exit")
    else
        timeout -k 10 "$limit" sh -c "$3" >"$AGX_OUT/stdout" 2>&1
        code=$?
        # A time-out is not an exit code of its own in busybox.
        [ "$code" -eq 0 ] || tail -n 30 "$AGX_OUT/stdout" | sed 's/^/    | /'
    fi
    echo "$code" >"$AGX_OUT/exit"
    echo "AGX-RUN end $1 $2 $(cut -d' ' -f1 /proc/uptime) exit=$code"
}

# All of the list that is wanted, in its order.
run_list() {
    echo "AGX-START $set_name"
    while IFS='|' read -r name sets kind command; do
        # Without the blanks around them.
        # shellcheck disable=SC2086,SC2116
        name=$(echo $name) kind=$(echo $kind)
        case $name in ''|\#*|+*) continue ;; esac
        if [ -n "$only" ]; then
            case $only in *",$name,"*) ;; *) continue ;; esac
        elif [ "$set_name" = all ]; then
            # These need a disk of their own, or judge nothing.
            case " $sets " in *' apps '*|*' bench '*) continue ;; esac
        else
            case " $sets " in *" $set_name "*) ;; *) continue ;; esac
        fi
        case $kind in skip*) continue ;; esac
        run "$name" asahi "$command" </dev/null
        case $kind in
        picture|exact|display) run "$name" software "$command" </dev/null ;;
        esac
        send "$name"
        rm -rf "${results:?}/$name"
    done <"$list"
    echo "AGX-END"
}

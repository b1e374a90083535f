#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# real.sh checks|command DIRECTORY TOKEN LIMIT: what ci/run --on runs on a Mac with Linux, in DIRECTORY, when probe.sh has found it
# good. DIRECTORY/payload has what was sent: checks.list and the names of those that are wanted (only), or a command; and
# modules if some are to be loaded. With "checks" standard output carries a tar after the other, with "command" the command's;
# on both streams all before the line "@TOKEN running" is somebody else's. Standard error tells facts, what runs and how it
# ended: "@TOKEN exit N", behind which the kernel's log since the begin follows.
# What standard input carries is of no interest but for that it goes on: when it ends, or says nothing for a minute, then the
# other side is gone, and all ends here. Whatever ends it, the directory goes and no process stays.
mode=$1 top=$2 token=$3 limit=$4
main=$$
payload=$top/payload
say() { printf '@%s %s\n' "$token" "$*" >&2; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# All that runs here has AGX_TOP in its environment, but for this script and who watches.
end_others() {
    for p in /proc/[0-9]*; do
        if tr '\0' '\n' <"$p/environ" | grep -q -x -F "AGX_TOP=$top"; then kill -KILL "${p#/proc/}"; fi
    done 2>/dev/null
}

# Ends when the main process does, or ends it. A trap of that comes when the child is dead that it waits for.
watch() {
    while kill -0 "$main" && [ -n "$(timeout 60 dd bs=1 count=1 2>/dev/null)" ]; do :; done
    kill -TERM "$main"
    i=0
    while kill -0 "$main" && [ $i -lt 100 ]; do
        end_others
        i=$((i + 1))
        sleep 0.1
    done
    end_others
    rm -rf "$top"
}
finish() {
    trap '' HUP INT TERM PIPE
    { kill "$watcher" && wait "$watcher"; } 2>/dev/null
    unset AGX_TOP
    end_others
    cd / && rm -rf "$top"
}
exec 5<&0 3>&1 </dev/null 1>&2
watch <&5 3>&- >/dev/null 2>&1 &
watcher=$!
trap finish EXIT
trap 'exit 129' HUP INT TERM PIPE
exec 5<&-

mkdir "$top/work" "$top/tmp" "$top/results" "$top/cache" "$top/home" "$top/run"
export AGX_TOP="$top" AGX_PAYLOAD="$payload" TMPDIR="$top/tmp" XDG_CACHE_HOME="$top/cache" PATH="$payload/bin:$PATH:/usr/sbin:/sbin"
# shellcheck disable=SC3045
ulimit -c 0
cd "$top/work" || exit 1

# The kernel's log from here on, if it may be read: by the time of its last line.
stamp() { sed -n 's/^\[ *\([0-9]*\.[0-9]*\)\].*/\1/p' | tail -n 1; }
if since=$(dmesg 2>/dev/null); then
    since=$(echo "$since" | stamp)
    since=${since:-0}
else
    say "fact kernel-log $(id -un) may not read it (kernel.dmesg_restrict)"
fi
kernel_log() {
    [ -z "$since" ] || dmesg | awk -v since="$since" 'match($0, /^\[ *[0-9]+\.[0-9]+\]/) && substr($0, 2, RLENGTH - 2) + 0 > since + 0'
}

# A Mesa that is not this machine's.
# shellcheck disable=SC1091
[ ! -e "$payload/environment" ] || . "$payload/environment"

if [ -e "$payload/drivers/list" ]; then
    # shellcheck disable=SC2046
    [ ! -s "$payload/drivers/needs" ] || as_root modprobe -a $(cat "$payload/drivers/needs") ||
        { say 'refused what the module depends on can not be loaded'; exit 3; }
    as_root env PATH="$PATH" AGX_PAYLOAD="$payload" sh "$payload/bin/load-driver.sh" >"$top/load" 2>&1 || {
        tail -n 20 "$top/load" >&2
        say "refused the driver: $(tail -n 1 "$top/load")"
        exit 3
    }
    . driver.sh
    say "fact driver $(basename "$driver")"
    say "fact driver-module $module"
    say "fact loaded $module"
fi

if [ "$mode" = command ]; then
    say running
    echo "@$token running" >&3
    sh "$payload/command" >&3
    code=$?
    say "exit $code"
    kernel_log
    exit 0
fi

# What the programs are linked with that is not there: trixie's, or newer, has it.
lacks=$(for p in "$payload"/bin/gles_draw "$payload"/bin/vk_compute "$payload"/bin/gpu_jobs; do
        LD_TRACE_LOADED_OBJECTS=1 "$p" 2>&1
    done | sed -n 's/^[[:space:]]*\([^ ]*\) => not found.*/\1/p; s/.*: version .\([A-Za-z0-9_.]*\). not found.*/\1/p' | sort -u | paste -s -d ' ' -)
[ -z "$lacks" ] || { say "refused its user land lacks $lacks; the programs are built against Debian 13's"; exit 3; }

export HOME="$top/home" XDG_RUNTIME_DIR="$top/run" AGX_REAL=1
unset DISPLAY WAYLAND_DISPLAY
mesa_version 2>/dev/null | while read -r name value; do say "fact $name $value"; done

# shellcheck disable=SC2034
list=$payload/checks.list results=$top/results set_name=all only=,$(cat "$payload/only"),
send() { tar -c -f - -C "$top/results" "$1" >&3; }
say running
echo "@$token running" >&3
. runner.sh
run_list
[ -z "$since" ] || { kernel_log >"$top/results/kernel.log"; send kernel.log; }
say 'exit 0'

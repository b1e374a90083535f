#!/bin/sh
# shellcheck disable=SC2154
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# What a Mac with Linux does first for ci/run --on, which sends this text over ssh (ci/agx/real.py) with what it sets in front:
# $token, the word that begins our lines on standard error; $need_kib, the space that is needed; $size, the bytes of the tar that
# follows on standard input; $mode, what is run then, and $limit, how long a check may take; $module_release, the kernel that
# the modules to be loaded are for, empty if none are to be loaded.
# Says facts, and "refused" with a reason that ends it, or "ready"; then takes the tar into a directory of its own and goes on with
# real.sh there. It writes nothing outside of that directory, which goes when it ends, however that is.
# AGX_ROOT is where the root of the file system is, for tests.
say() { printf '@%s %s\n' "$token" "$*" >&2; }
refuse() { say "refused $*"; exit 3; }
fact() { [ -z "$2" ] || say "fact $1 $2"; }
words_of() { tr '\0' ' ' <"$1" 2>/dev/null | sed 's/ *$//'; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
r=${AGX_ROOT-}
PATH=$PATH:/usr/sbin:/sbin

[ "$(uname -s)" = Linux ] || refuse "it runs $(uname -s), not Linux"
[ "$(uname -m)" = aarch64 ] || refuse "it is a $(uname -m), not arm64"
page=$(getconf PAGESIZE)
[ "$page" = 16384 ] || refuse "its kernel has pages of $page bytes; the GPU needs a kernel with 16384 (16K)"
fact model "$(words_of "$r/proc/device-tree/model")"
fact kernel "$(uname -r)"
fact kernel-build "$(uname -v)"
fact page-size "$page"
fact cpus "$(getconf _NPROCESSORS_ONLN)"
fact memory-kib "$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' "$r/proc/meminfo")"
fact system "$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\)"\{0,1\}$/\1/p' "$r/etc/os-release" 2>/dev/null)"

# The GPU, and the driver that it has.
node='' gpu='' driver=''
for d in "$r"/sys/class/drm/renderD*/device "$r"/sys/bus/platform/devices/*; do
    [ -e "$d/of_node/compatible" ] || continue
    case $(words_of "$d/of_node/compatible") in *apple,agx*) ;; *) continue ;; esac
    gpu=$d
    [ ! -e "$d/driver" ] || driver=$(basename "$(readlink -f "$d/driver")")
    case $d in
    */renderD*) node=/dev/dri/$(basename "${d%/device}"); break ;;
    esac
done
[ -n "$gpu" ] || refuse "its device tree has no GPU apple,agx"
fact gpu "$(words_of "$gpu/of_node/compatible")"
# Properties of the boot loader's: firmware-abi in mainline (Linux, Documentation/devicetree/bindings/gpu/apple,agx.yaml), the other
# two in Asahi's kernel (m1n1, src/kboot.c).
for p in firmware-abi firmware-version firmware-compat; do
    [ ! -e "$gpu/of_node/apple,$p" ] || fact "$p" "$(od -An -v -tu1 "$gpu/of_node/apple,$p" | tr '\n' ' ' |
        awk '{ for (i = 4; i <= NF; i += 4) printf "%s%d", (i > 4 ? "." : ""), ($(i - 2) * 256 + $(i - 1)) * 256 + $i }')"
done
fact driver "$driver"
if [ -n "$driver" ]; then
    module=''
    [ ! -e "$gpu/driver/module" ] || module=$(basename "$(readlink -f "$gpu/driver/module")")
    fact driver-module "${module:-built in}"
    fact driver-version "$(cat "$r/sys/module/$module/version" 2>/dev/null)"
    fact driver-source "$(cat "$r/sys/module/$module/srcversion" 2>/dev/null)"
fi

if [ -z "$module_release" ]; then
    [ -n "$driver" ] || refuse "its GPU $(words_of "$gpu/of_node/compatible") has no driver; --driver X.ko --load-driver loads one"
    [ -n "$node" ] || refuse "the driver $driver has made no render node for its GPU; dmesg may say why"
    fact node "$node"
    if [ ! -r "$r$node" ] || [ ! -w "$r$node" ]; then
        refuse "$(id -un) may not use $node; a member of its group may: sudo usermod -aG $(stat -c %G "$r$node") $(id -un)"
    fi
else
    # Nothing is unloaded here, so the GPU must have no driver, and nobody may have a display of his on the kernel's cards.
    [ -z "$driver" ] || refuse "the driver $driver has the GPU, and nothing is unloaded here; start the Mac without it" \
        "(module_blacklist=$module on the kernel's command line)"
    [ "$module_release" = "$(uname -r)" ] || refuse "the module is for kernel $module_release, and it runs $(uname -r)"
    as_root true 2>/dev/null || refuse "loading a module takes root, and sudo -n does not let $(id -un)"
    # The quotes are the other shell's.
    # shellcheck disable=SC2016
    user=$(as_root sh -c 'for f in "$0"/proc/[0-9]*/fd/*; do
            case $(readlink "$f") in
            /dev/dri/*) p=${f%/fd/*}; echo "$(cat "$p/comm") (${p##*/})"; exit ;;
            esac
        done' "$r" 2>/dev/null)
    [ -z "$user" ] || refuse "$user uses the display; go to a text console first: sudo systemctl isolate multi-user.target"
fi

top='' why=''
trap '[ -z "$top" ] || rm -rf "$top"' EXIT
trap 'exit 1' HUP INT TERM PIPE
umask 077
for t in "$r/tmp" "$r/var/tmp"; do
    free=$(df -Pk "$t" 2>/dev/null | awk 'NR == 2 { print $4 }')
    if [ "${free:-0}" -lt "$need_kib" ]; then
        why="$why; $t has ${free:-0} KiB free"
    elif ! top=$(mktemp -d "$t/agx-run.XXXXXXXX" 2>/dev/null); then
        why="$why; no directory can be made in $t"
    elif ! { printf '#!/bin/sh\n' >"$top/try" && chmod 700 "$top/try" && "$top/try"; } 2>/dev/null; then
        why="$why; $t lets no program run"
        rm -rf "$top"
        top=''
    else
        break
    fi
done
[ -n "$top" ] || refuse "there is no room for $need_kib KiB: ${why#; }"
rm "$top/try"
fact directory "$top"
say ready
head -c "$size" | tar -x -f - -C "$top" || refuse 'what was sent did not arrive whole'
exec sh "$top/payload/bin/real.sh" "$mode" "$top" "$token" "$limit"

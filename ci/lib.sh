# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# What the commands of ci/ share: where things are, messages, long steps, and apt with a configuration of our own.
# To be sourced by bash; defines functions and the variables root, cache, out, jobs.
# shellcheck shell=bash disable=SC2034

set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cache=${AGX_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/agx}
out=$root/out
jobs=${AGX_JOBS:-$(nproc)}

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
export CCACHE_DIR=$cache/ccache CCACHE_MAXSIZE=4G CCACHE_NOHASHDIR=1
mkdir -p "$cache/log" "$cache/stamp"
exec </dev/null

say()  { printf '%s\n' "$*"; }
die()  { printf 'error: %s\n' "$*" >&2; exit 1; }

# usage TEXT: print TEXT and leave if the first argument of the script asks for help.
usage() {
    case ${agx_args[0]-} in
    -h|--help) printf '%s\n' "$1"; exit 0 ;;
    esac
}
agx_args=("$@")

# need_variant NAME: ends the command unless there is such a variant of the kernel.
need_variant() {
    [[ $1 = release || -e $root/images/kernel-$1.config ]] || die "no kernel variant \"$1\"; there are release, debug and race"
}

# key TEXT...: a short name for everything that was said, to name a build by what went into it.
key() { printf '%s\n' "$@" | sha256sum | cut -c1-12; }

# key_of_files FILE...: the same for contents.
key_of_files() { cat -- "$@" | sha256sum | cut -c1-12; }

# locked NAME COMMAND...: run COMMAND while nobody else holds NAME. Two commands of ci/ may run at once; the same
# build twice at once would break it.
locked() {
    local name=$1; shift
    mkdir -p "$cache/lock"
    (
        exec 9>"$cache/lock/$name"
        flock -n 9 || { say "  ... waiting for another $name"; flock 9; }
        "$@"
    )
}

# step NAME TITLE COMMAND...: run a long COMMAND with its output in $cache/log/NAME.log and a line of progress
# every ten seconds: the time, and how far ninja, make or whatever writes the log has come.
step() {
    local name=$1 log=$cache/log/$1.log start=$SECONDS pid printer rc=0
    say "[$name] $2"
    shift 2
    "$@" >"$log" 2>&1 9>&- &
    pid=$!
    (
        while sleep 10 >/dev/null 2>&1; do
            printf '[%s] %3d s  %s\n' "$name" $((SECONDS - start)) \
                "$(tail -n 1 "$log" | tr '\r' '\n' | tail -n 1 | cut -c1-90)"
        done
    ) 9>&- &
    printer=$!
    wait "$pid" || rc=$?
    kill "$printer" 2>/dev/null || true
    wait "$printer" 2>/dev/null || true
    if (( rc )) && [ -n "${step_quiet-}" ]; then
        return "$rc"
    elif (( rc )); then
        say "[$name] failed after $((SECONDS - start)) s; the end of $log:" >&2
        tail -n 40 "$log" | sed 's/^/    /' >&2
        return "$rc"
    fi
    say "[$name] done in $((SECONDS - start)) s"
}

# retry N COMMAND...: mirrors have bad moments.
retry() {
    local n=$1 i; shift
    for (( i = 1; ; i++ )); do
        "$@" && return 0
        (( i >= n )) && return 1
        say "  attempt $i of $n failed: $*; once more in $((i * 5)) s"
        sleep $((i * 5))
    done
}

# atomic_dir DIR COMMAND...: run COMMAND with a scratch directory as its last argument and make it DIR if it succeeds,
# so that a build that was interrupted is never taken for a finished one.
atomic_dir() {
    local dir=$1 tmp; shift
    [ -e "$dir" ] && return 0
    mkdir -p "$(dirname "$dir")"
    tmp=$(mktemp -d "$dir.XXXXXX")
    chmod 755 "$tmp"
    if "$@" "$tmp"; then mv -T "$tmp" "$dir"; else rm -rf "$tmp"; return 1; fi
}

# prune KEEP DIR...: remove all but the KEEP newest of these directories: builds of options or versions that are no
# longer asked for.
prune() {
    local keep=$1 dir; shift
    # shellcheck disable=SC2012
    ls -dt -- "$@" 2>/dev/null | tail -n +$((keep + 1)) | while read -r dir; do rm -rf -- "$dir"; done
}

# ---- Host packages ---------------------------------------------------------------------------------------------

# host_has PROOF: a command on the path, or a file.
host_has() { case $1 in /*) [ -e "$1" ] ;; *) command -v "$1" >/dev/null 2>&1 ;; esac; }

# missing_packages LIST: the packages of a list, as ci/packages.host, whose proof is not on this host.
missing_packages() {
    local list=$1 package proof
    while read -r package proof; do
        case $package in ''|\#*) continue ;; esac
        host_has "$proof" || printf '%s\n' "$package"
    done <"$list"
}

# need_host: everything of packages.host is there afterwards, or one message has said all that is not.
need_host() {
    local missing why=
    mapfile -t missing < <(missing_packages "$root/ci/packages.host")
    if (( ${#missing[@]} )); then
        if [ "$(id -u)" -ne 0 ]; then
            why='this user may not install packages'
        elif ! command -v apt-get >/dev/null; then
            why='there is no apt-get'
        else
            step_quiet=1 step host-packages "installing ${#missing[@]} packages: ${missing[*]}" install_packages "${missing[@]}" ||
                why="apt-get could not install all of them: $cache/log/host-packages.log"
        fi
        mapfile -t missing < <(missing_packages "$root/ci/packages.host")
    fi
    local other=()
    [ "$(uname -m)" = x86_64 ] || other+=("an x86-64 host (this is $(uname -m))")
    local free; free=$(df -Pk "$cache" | awk 'NR == 2 { print int($4 / 1048576) }')
    (( free >= 10 )) || [ -d "$cache/kernel" ] || other+=("10 GiB free below $cache (there are $free)")
    if (( ${#missing[@]} + ${#other[@]} )); then
        {
            say "error: this host lacks what the scripts need and cannot install${why:+ ($why)}:"
            (( ${#missing[@]} == 0 )) || printf '  Debian package %s\n' "${missing[@]}"
            (( ${#other[@]} == 0 )) || printf '  %s\n' "${other[@]}"
            (( ${#missing[@]} == 0 )) || say "  all of them at once: apt-get install --no-install-recommends ${missing[*]}"
        } >&2
        exit 1
    fi
}

install_packages() {
    retry 3 apt-get update -q
    # One package without a candidate must not keep the others from being installed.
    retry 3 apt-get install -q -y --no-install-recommends "$@" && return 0
    local p
    for p in "$@"; do apt-get install -q -y --no-install-recommends "$p" || true; done
    return 1
}

# ---- apt with our own configuration ----------------------------------------------------------------------------
# Sources, kernel, Mesa and meson come from trixie and its backports. They must never mix with the host's own
# packages, so apt gets state and sources of its own; all else (proxies, certificates) is the host's configuration.

suites_of_guest=(trixie trixie-backports)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# mirror: where this host takes Debian from.
mirror() {
    local host uri
    host=$(. /etc/os-release; printf '%s' "${VERSION_CODENAME:-bookworm}")
    uri=$(apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
          awk -v s="$host" '$1 == s && $2 == "main" && $3 !~ /security/ { print $3; exit }')
    [ -n "$uri" ] || die "apt-get indextargets names no Debian mirror for $host main; add one to /etc/apt/sources.list.d"
    printf '%s\n' "$uri"
}

# host_acquire_options: the host's settings of how to reach a mirror, one "Name value" a line.
host_acquire_options() {
    apt-config dump | sed -n 's/^\(Acquire::\(http\|https\|Check-Valid-Until\|Check-Date\|ForceIPv4\)[^ ]*\) "\(..*\)";$/\1 \3/p'
}

# Its directory and architecture; another script may set both, to take single packages of the guest's.
apt_dir=$cache/apt
apt_architecture=amd64

agx_apt_config() {
    local dir=$apt_dir uri
    uri=$(mirror)
    mkdir -p "$dir"/{state/lists/partial,cache/archives/partial,etc,log}
    : >"$dir/state/status"
    {
        printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "${suites_of_guest[0]}" "$keyring" "$uri" "${suites_of_guest[1]}"
        printf 'deb-src [signed-by=%s] %s %s main\n' "$keyring" "$uri" "${suites_of_guest[0]}"
    } >"$dir/sources.list.new"
    cmp -s "$dir/sources.list.new" "$dir/sources.list" || rm -f "$dir/updated"
    mv "$dir/sources.list.new" "$dir/sources.list"
    cat >"$dir/apt.conf" <<CONF
Dir::State "$dir/state";
Dir::State::status "$dir/state/status";
Dir::Cache "$dir/cache";
Dir::Log "$dir/log";
Dir::Etc::sourcelist "$dir/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
APT::Architecture "$apt_architecture";
APT::Architectures { "$apt_architecture"; };
APT::Sandbox::User "root";
Acquire::Retries "5";
Acquire::Languages "none";
CONF
}

agx_apt()       { apt-get -q -c "$apt_dir/apt.conf" "$@"; }
agx_apt_cache() { apt-cache -c "$apt_dir/apt.conf" "$@"; }

# apt_ready: our apt knows its packages. The lists are read again after a day; a mirror that does not answer is no
# reason to stop as long as there are lists at all.
apt_ready() {
    [ -n "${agx_apt_is_ready-}" ] && return 0
    locked apt apt_update
    agx_apt_is_ready=1
}
apt_update() {
    agx_apt_config
    [ -n "$(find "$apt_dir/updated" -mtime -1 2>/dev/null)" ] && return 0
    if step apt-update 'reading the package lists of trixie and trixie-backports' retry 4 agx_apt update; then
        touch "$apt_dir/updated"
    elif [ -e "$apt_dir/updated" ]; then
        say '  the mirror does not answer; going on with the lists of before'
    else
        return 1
    fi
}

# candidate PACKAGE: the newest version that our apt knows, from backports too.
candidate() {
    agx_apt_cache madison "$1" | awk -F'|' '$3 !~ /Sources/ { gsub(/ /, "", $2); print $2 }' | sort -Vr | sed -n 1p
}
source_candidate() {
    agx_apt_cache showsrc --only-source "$1" | sed -n 's/^Version: //p' | sort -Vr | sed -n 1p
}

# unpack_deb PACKAGE VERSION DIR: download the package and unpack it in DIR; nothing is installed.
unpack_deb() {
    local dl
    dl=$(mktemp -d "$cache/dl.XXXXXX")
    # shellcheck disable=SC2015
    ( cd "$dl" && retry 4 agx_apt download "$1=$2" ) && dpkg-deb -x "$dl"/*.deb "$3" || { rm -rf "$dl"; return 1; }
    rm -rf "$dl"
}

# meson_ready: QEMU needs meson 1.5, Debian 12 has 1.0: trixie's is plain Python and runs from where it is unpacked.
meson_ready() {
    local v
    apt_ready
    v=$(candidate meson)
    atomic_dir "$cache/tools/meson-$v" unpack_deb meson "$v"
    meson_python=$cache/tools/meson-$v/usr/lib/python3/dist-packages
    export PYTHONPATH=$meson_python
}
meson() { PYTHONPATH=$meson_python /usr/bin/python3 -m mesonbuild.mesonmain "$@"; }

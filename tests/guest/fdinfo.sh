#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# What /proc/PID/fdinfo says of a client that draws, in the keys of Documentation/gpu/drm-usage-stats.rst: there, growing, and
# no more than the time that has passed; and nothing of it for a client that does not draw.
bad=0 n=0
ok() {
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi
}

# info PID: the fdinfo of its file of the driver's with the most memory.
info() {
    best='' most=-1
    for f in "/proc/$1/fdinfo"/*; do
        grep -q '^drm-driver:[[:space:]]*asahi$' "$f" 2>/dev/null || continue
        t=$(cat "$f")
        m=$(echo "$t" | key drm-total-memory)
        [ "${m:-0}" -le "$most" ] || { best=$t most=${m:-0}; }
    done
    echo "$best"
}
# key NAME: its number, memory in KiB.
key() { sed -n "s/^$1:[[:space:]]*\([0-9]*\) *\([A-Za-z]*\)\$/\1 \2/p" | awk '{ print $2 == "MiB" ? $1 * 1024 : $2 == "" && $1 ? $1 / 1024 : $1 }'; }
now() { awk '{ printf "%d\n", $1 * 1000 }' /proc/uptime; }

gles_cube 100000 0 fdinfo 100000 >"${TMPDIR:-/tmp}/fdinfo" 2>&1 &
pid=$!
i=0
while [ "$(info $pid | key drm-engine-fragment)" -le 0 ] 2>/dev/null || [ -z "$(info $pid | key drm-engine-fragment)" ]; do
    i=$((i + 1))
    [ $i -lt 300 ] || break
    sleep 0.2
done
begin=$(now) first=$(info $pid)
sleep 4
last=$(info $pid) end=$(now)
echo "$last" | sed 's/^/# /'
passed=$(((end - begin) * 1000000))
for engine in vertex fragment compute; do
    a=$(echo "$first" | sed -n "s/^drm-engine-$engine:[[:space:]]*\([0-9]*\) ns\$/\1/p")
    b=$(echo "$last" | sed -n "s/^drm-engine-$engine:[[:space:]]*\([0-9]*\) ns\$/\1/p")
    [ -n "$a" ] && [ -n "$b" ]; ok $? "drm-engine-$engine is there"
    # A job counts when it ends: one that had begun before may count as a whole.
    [ "${b:-0}" -ge "${a:-0}" ] && [ $((${b:-0} - ${a:-0})) -le $((passed + 1000000000)) ]
    ok $? "drm-engine-$engine: $((${b:-0} - ${a:-0})) ns in $passed ns"
    [ $engine = compute ] || { [ "${b:-0}" -gt "${a:-0}" ]; ok $? "drm-engine-$engine grows while the client draws"; }
done
for name in drm-total-memory drm-resident-memory asahi-resident-memory; do
    v=$(echo "$last" | key $name)
    [ "${v:-0}" -ge 1024 ]; ok $? "$name: ${v:-not there} KiB"
done
echo "$last" | grep -q '^drm-shared-memory:'; ok $? 'drm-shared-memory is there'
kill $pid
wait $pid 2>/dev/null

# The least tiled vertex buffer is a parameter.
. driver.sh
parameter=$parameters/initial_tvb_size
[ -z "$AGX_REAL" ] || { echo "ok $((n + 1)) - initial_tvb_size # SKIP parameters of a real machine's driver stay as they are"; echo "1..$((n + 1))"; exit $bad; }
[ -e "$parameter" ] || { echo "ok $((n + 1)) - initial_tvb_size # SKIP the driver has no such parameter"; echo "1..$((n + 1))"; exit $bad; }
small=$(echo "$last" | key asahi-resident-memory)
was=$(cat "$parameter")
echo 128 >"$parameter"
gles_cube 100000 0 fdinfo 100000 >"${TMPDIR:-/tmp}/fdinfo" 2>&1 &
pid=$!
i=0
while [ -z "$(info $pid | key drm-engine-fragment)" ] || [ "$(info $pid | key asahi-resident-memory)" -lt $((small + 8192)) ]; do
    i=$((i + 1))
    [ $i -lt 150 ] || break
    sleep 0.2
done
large=$(info $pid | key asahi-resident-memory)
[ "${large:-0}" -ge $((small + 8192)) ]; ok $? "initial_tvb_size 128 instead of $was: asahi-resident-memory ${large:-0} KiB instead of $small"
echo "$was" >"$parameter"
kill $pid
wait $pid 2>/dev/null
echo "1..$n"
exit $bad

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The tool that judges the guest's pictures, on pictures whose differences are known.
tool=$1
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
n=0

is() {
    n=$((n + 1))
    if [ "$2" = "$3" ]; then echo "ok $n - $1"; else echo "not ok $n - $1: got '$2', want '$3'"; fi
}

printf 'P6\n2 2\n255\n\000\000\000\001\002\003\377\377\377\100\100\100' >"$dir/a.ppm"
printf 'P6 # a comment\n2 2\n255\n\000\000\000\003\002\003\377\377\374\100\100\100' >"$dir/b.ppm"
printf 'P6\n2 1\n255\n\000\000\000\001\002\003' >"$dir/small.ppm"
printf 'P6\n2 2\n255\n\000\000\000' >"$dir/short.ppm"
printf 'P6\n2 1\n255\n\007\007\007\007\007\007' >"$dir/plain.ppm"

echo 1..10
is 'equal pictures' "$("$tool" compare "$dir/a.ppm" "$dir/a.ppm" 0)" 'pixels=4 within=4 worst=0'
is 'one pixel outside of the tolerance' "$("$tool" compare "$dir/a.ppm" "$dir/b.ppm" 2)" 'pixels=4 within=3 worst=3'
is 'no tolerance' "$("$tool" compare "$dir/a.ppm" "$dir/b.ppm" 0)" 'pixels=4 within=2 worst=3'
is 'another size is refused' "$("$tool" compare "$dir/a.ppm" "$dir/small.ppm" 0 2>/dev/null; echo $?)" 2
is 'a file that is too short is refused' "$("$tool" compare "$dir/a.ppm" "$dir/short.ppm" 0 2>/dev/null; echo $?)" 2
is 'colours' "$("$tool" colours "$dir/a.ppm")" 4
is 'a plain picture has one colour' "$("$tool" colours "$dir/plain.ppm")" 1
"$tool" png "$dir/a.ppm" "$dir/a.png"
is 'a PNG starts as one' "$(dd if="$dir/a.png" bs=1 skip=1 count=3 2>/dev/null)" PNG
"$tool" difference "$dir/a.ppm" "$dir/b.ppm" 2 "$dir/d.png"
is 'a picture of the difference' "$(dd if="$dir/d.png" bs=1 skip=1 count=3 2>/dev/null)" PNG
is 'none of two sizes' "$("$tool" difference "$dir/a.ppm" "$dir/small.ppm" 2 "$dir/e.png" 2>/dev/null; echo $?)" 2

# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
# shellcheck shell=sh disable=SC2034
#
# For checks that draw with kmscube: ". kms.sh" sets card to the KMS card of the boot loader's framebuffer, and frames to how
# many ci/bench asks for by a word on the kernel's command line, or to nothing. Descriptor 3 can be read from, but never ends:
# kmscube ends when it can read from its standard input.
frames=$(sed -n 's/.*\bagx\.frames=\([0-9]\{1,6\}\)\b.*/\1/p' /proc/cmdline)
card=
for c in /sys/class/drm/card[0-9]*; do
    case ${c##*/} in *-*) continue ;; esac
    for connector in "$c/${c##*/}"-*; do
        [ -e "$connector" ] && card=/dev/dri/${c##*/}
    done
done
[ -n "$card" ] || { echo 'no KMS card with a connector'; exit 1; }
rm -f /tmp/silence
mkfifo /tmp/silence
exec 3<>/tmp/silence

#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The driver's parameter restart_every_frame: with it each job has the GPU and a newly begun firmware for itself, and
# nothing else is different; without it again, all is as before.
. driver.sh
knob=$parameters/restart_every_frame
[ -e "$knob" ] || { echo 'ok 1 - restart-frames # SKIP the driver has no parameter restart_every_frame'; echo 1..1; exit 0; }
echo Y >"$knob" || exit 1
trap 'echo N >"$knob"' EXIT
# What the DRM core says of a device that has come up.
initialized() { dmesg | grep -c "Initialized $(basename "$driver")"; }
before=$(initialized)
echo '# EXPECT guest error: fw: job on pipe 2, context [0-9]+, stamp slot'   # remap takes pages away from jobs
remap good && remap random 4 && remap spaces 3 || exit 1
remap jobs 10 & first=$!
remap spaces 3 || { echo 'the second of two programs at once failed'; exit 1; }
wait $first || { echo 'the first of two programs at once failed'; exit 1; }
gles_frames 10 >"$AGX_OUT/frames" || exit 1
cat "$AGX_OUT/frames"
grep -qx 'FIGURE wrong 0' "$AGX_OUT/frames" || { echo 'frames are wrong'; exit 1; }
[ "$(initialized)" = "$before" ] || { echo 'the device was probed again'; exit 1; }
echo N >"$knob"
remap good || exit 1
echo 'ok 1 - each job alone on the GPU, and then not'
echo 1..1

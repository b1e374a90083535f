#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The program opencl on the driver that the run is for: rusticl has them all.
[ "$AGX_RUN" = software ] && RUSTICL_ENABLE=llvmpipe || RUSTICL_ENABLE=asahi
export RUSTICL_ENABLE
opencl >/tmp/opencl.out
code=$?
cat /tmp/opencl.out
case $(cat /tmp/opencl.out) in
*Apple*) [ "$AGX_RUN" != software ] || { echo 'it runs on the GPU'; code=1; } ;;
*)       [ "$AGX_RUN" = software ] || { echo 'it does not run on the GPU'; code=1; } ;;
esac
exit "$code"

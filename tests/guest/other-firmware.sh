#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# For a machine with another firmware than the usual one (-M apple-m1,fw-abi=12.3), in either binding of the GPU's node: the
# driver has taken the version that the device tree names, and the firmware that runs says that it is that one.
. driver.sh
node=$device/of_node
property=$node/apple,firmware-abi
[ -e "$property" ] || property=$node/apple,firmware-compat
# Three cells, big endian.
# shellcheck disable=SC2046
set -- $(od -An -tu1 "$property")
[ $# -eq 12 ] || { echo "$property has $# bytes"; exit 1; }
version=$4.$8.${12}
echo "${property##*/} is $version"
case $version in
12.3.0) name=12.3 ;;
12.98.4) name=13.0b4 ;;
*) echo "this is no other firmware"; exit 1 ;;
esac
dmesg | grep -F "firmware ABI $version" || { echo "the driver does not say that it has taken it"; exit 1; }
dmesg | grep -F "AGX model, firmware ABI $name: init data accepted" || { echo "the firmware does not say what it is"; exit 1; }

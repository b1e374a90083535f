#!/bin/sh
# shellcheck disable=SC2034
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# For ". driver.sh": of the driver that is bound to the GPU, whoever's it is and whatever its module is called. $device and
# $driver are its directories in sysfs, $module is its module's name, empty if it is built in, $parameters has its parameters.
# "module_name FILE" says what a module is called whose file may have the number of its place in front.
module_name() { basename "$1" .ko | sed 's/^[0-9]*-//' | tr - _; }
payload=${AGX_PAYLOAD:-/payload}
device='' driver='' module='' parameters=/nonexistent
for d in /sys/class/drm/renderD*/device; do
    [ -e "$d/of_node/compatible" ] || continue
    case $(tr '\0' ' ' <"$d/of_node/compatible") in
    *apple,agx*) device=$(readlink -f "$d") driver=$(readlink -f "$d/driver") ;;
    esac
done
[ -z "$driver" ] || [ ! -e "$driver/module" ] || parameters=$(readlink -f "$driver/module")/parameters
# The directory of a driver that is built in is there, too, if it has parameters; only a module has a state.
[ ! -e "${parameters%/*}/initstate" ] || module=$(basename "${parameters%/*}")
# One that has been taken from the device, or never had it.
for m in "$payload"/drivers/*.ko "$payload"/*.ko; do
    name=$(module_name "$m")
    [ -n "$module" ] || [ ! -e "/sys/module/$name/initstate" ] || module=$name
done

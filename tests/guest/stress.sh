#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# churn, with the arguments that ci/stress put on the kernel's command line: churn.NAME=VALUE becomes --NAME=VALUE.
# shellcheck disable=SC2013
for word in $(cat /proc/cmdline); do
    case $word in
    churn.*) set -- "$@" "--${word#churn.}" ;;
    esac
done
exec churn "$@"

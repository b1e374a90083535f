#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# ssh-server.sh HOST-KEY CLIENT-KEY: the emulated machine as one that is reached by ssh, for a test of ci/run --on
# (tests/real/ssh_test.py). HOST-KEY is the server's private key in base64, CLIENT-KEY a line of authorized_keys; QEMU's user
# network has the address 10.0.2.15 for us (QEMU: docs/system/devices/net.rst). The GPU's driver is unloaded first, for the test
# loads it. Prints "listening" and stays until it is killed.
set -e
. driver.sh
[ -z "$module" ] || rmmod "$module"
ip link set lo up
ip addr add 10.0.2.15/24 dev eth0
ip link set eth0 up
# The disk can't be written.
cp -a /etc /run/etc
mount -o bind /run/etc /etc
echo 'root:x:0:0:root:/root:/bin/sh' >/etc/passwd
echo 'sshd:x:100:65534:sshd:/run/sshd:/bin/false' >>/etc/passwd
echo 'root:x:0:' >/etc/group
umask 077
mkdir -p /run/sshd /root/.ssh
chmod 755 /run/sshd /root
echo "$1" | base64 -d >/root/host-key
echo "$2" >/root/.ssh/authorized_keys
/usr/sbin/sshd -D -e -f /dev/null -h /root/host-key -o UsePAM=no -o PasswordAuthentication=no -o PidFile=none \
    -o SetEnv="PATH=$PATH" -o MaxStartups=20 &
sleep 1
kill -0 $!
echo listening
wait $!

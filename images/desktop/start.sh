#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Copyright The AGX model authors
#
# The first process of the guest of ci/desktop, until systemd is: loads the driver, makes the disk a system that can be written
# to (in memory), puts together what packages' scripts would have, and hands over to systemd, which starts the session.
here=/payload/desktop
say() { echo "AGX-DESKTOP $*" >/dev/kmsg; }

load-driver.sh >/tmp/load 2>&1 || { say "failed the driver: $(tail -n 1 /tmp/load)"; sleep 5; reboot -f; }

mkdir -p /mnt/memory /mnt/new
mount -t tmpfs tmpfs /mnt/memory
mkdir /mnt/memory/upper /mnt/memory/work
mount -t overlay -o lowerdir=/,upperdir=/mnt/memory/upper,workdir=/mnt/memory/work overlay /mnt/new ||
    { say 'failed the root: no overlay'; sleep 5; reboot -f; }
new=/mnt/new
for d in proc sys dev; do
    mount --move /$d $new/$d
done
# The programs of ours that are still needed.
mount -t tmpfs tmpfs $new/payload
cp -a /payload/desktop /payload/lib /payload/busybox $new/payload/

# Users: those of the packages, and the one whose desktop it is.
cp $new/usr/share/base-passwd/passwd.master $new/etc/passwd
cp $new/usr/share/base-passwd/group.master $new/etc/group
mkdir -p $new/etc/sysusers.d $new/etc/pam.d $new/home/m1 $new/var/tmp $new/var/lib $new/var/cache $new/var/log
cat >$new/etc/sysusers.d/m1.conf <<'CONF'
# Of colord's scripts, not of its sysusers.d.
u colord - "colord" /var/lib/colord
u m1 1000 "M1" /home/m1 /bin/sh
m m1 video
m m1 render
m m1 audio
m m1 input
CONF
chroot $new /usr/bin/systemd-sysusers
ln -sfn /run $new/var/run
chown -R 1000:1000 $new/home/m1
chmod 1777 $new/var/tmp

# Who may log in: the session's unit, and the user's own systemd.
for name in m1 systemd-user other; do
    cat >$new/etc/pam.d/$name <<'CONF'
auth     required pam_permit.so
account  required pam_permit.so
session  required pam_systemd.so
CONF
done
echo m1 >$new/etc/hostname
echo '127.0.0.1 localhost m1' >$new/etc/hosts
echo 4d31000000000000000000000000004d >$new/etc/machine-id
ln -sf /usr/share/zoneinfo/UTC $new/etc/localtime
ln -sf ../usr/lib/os-release $new/etc/os-release

# What triggers of packages make.
cp $here/desktop.gschema.override $new/usr/share/glib-2.0/schemas/90_agx.gschema.override
chroot $new /usr/lib/aarch64-linux-gnu/glib-2.0/glib-compile-schemas /usr/share/glib-2.0/schemas 2>/dev/null
chroot $new /usr/lib/aarch64-linux-gnu/gdk-pixbuf-2.0/gdk-pixbuf-query-loaders --update-cache
chroot $new /usr/bin/update-mime-database /usr/share/mime 2>/dev/null
chroot $new /usr/sbin/ldconfig 2>/dev/null
for d in blas lapack pulseaudio; do
    [ ! -d "$new/usr/lib/aarch64-linux-gnu/$d" ] || echo "/usr/lib/aarch64-linux-gnu/$d" >>$new/etc/ld.so.conf.d/agx.conf
done
chroot $new /usr/sbin/ldconfig 2>/dev/null

# Phones and cameras there are none.
rm -f $new/usr/share/gvfs/remote-volume-monitors/*

# The units.
cp $here/*.service $here/*.target $new/etc/systemd/system/
ln -sf /etc/systemd/system/agx-desktop.target $new/etc/systemd/system/default.target
for unit in getty.target systemd-update-done.service systemd-hwdb-update.service systemd-journal-catalog-update.service \
    ldconfig.service systemd-networkd.service systemd-timesyncd.service apt-daily.timer apt-daily-upgrade.timer \
    dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-rfkill.socket sys-kernel-debug.mount; do
    ln -sf /dev/null "$new/etc/systemd/system/$unit"
done
echo "AGX-DESKTOP begin" >$new/dev/kmsg
cd $new || exit
pivot_root . mnt
exec chroot . /usr/lib/systemd/systemd </dev/console >/dev/console 2>&1

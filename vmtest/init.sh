#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The guest's first process: mounts, loopback, the tests, end.
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mkdir -p /sbin && ln -s /bin/busybox /sbin/modprobe
mount -t proc none /proc
mount -t sysfs none /sys
mount -t devtmpfs none /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts none /dev/pts
mount -t tmpfs -o mode=1777 none /tmp
mount -t tmpfs none /run
mount -t cgroup2 none /sys/fs/cgroup
mount -t bpf none /sys/fs/bpf
mount -t securityfs none /sys/kernel/security
ulimit -n 4096
ip link set lo up
/usr/bin/python3 -B /sluice/vmtest/guest.py
power_off $?

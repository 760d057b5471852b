# SPDX-License-Identifier: Apache-2.0
"""Takes one attached program away, as nobody but the tests' own root can.

A cgroup program's link is detached. The link of an LSM program cannot be: it goes with its last descriptor, so the daemon,
which keeps one, is killed first, and the pin is removed. Two processes that do nothing stand in for the daemon's, so that
what guards them is still asked for."""
import ctypes
import os
import shutil
import struct
import subprocess

from support.kernel_counters import BPF_OBJ_GET, bpf
from support.places import wait_for

BPFTOOL = shutil.which("bpftool", path="/usr/sbin:/usr/bin") or "/missing/bpftool"
BPF_MAP_UPDATE_ELEM, BPF_OBJ_GET_INFO_BY_FD, BPF_LINK_GET_FD_BY_ID = 2, 15, 30
LSM = "sluice_lsm_"
GONE_SECONDS = 60  # of the kernel, from the last descriptor to the program that is called no more


def is_lsm(link):
    return link.startswith(LSM)


def opened(pin):
    path = ctypes.create_string_buffer(str(pin).encode())
    return bpf(BPF_OBJ_GET, struct.pack("=QII", ctypes.addressof(path), 0, 0))


def link_id(pin):
    descriptor = opened(pin)
    try:
        info = (ctypes.c_uint32 * 64)()
        bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("=IIQ", descriptor, ctypes.sizeof(info), ctypes.addressof(info)))
        return info[1]  # struct bpf_link_info: type, id, ...
    finally:
        os.close(descriptor)


def is_gone(number):
    try:
        os.close(bpf(BPF_LINK_GET_FD_BY_ID, struct.pack("=III", number, 0, 0)))
        return False
    except FileNotFoundError:
        return True


def guard(pin_dir, processes):
    """As the daemon does for its own: the LSM programs refuse a run to signal them."""
    guarded = opened(pin_dir / "maps/sluice_daemons")
    try:
        for process in processes:
            key, here = ctypes.c_uint32(process.pid), ctypes.c_uint32(1)
            bpf(BPF_MAP_UPDATE_ELEM, struct.pack("=IIQQQ", guarded, 0, ctypes.addressof(key), ctypes.addressof(here), 0))
    finally:
        os.close(guarded)


class StandIns:
    """Use with `with`: two processes in the place of keeper and worker."""

    def __enter__(self):
        self.processes = [subprocess.Popen(["/bin/sleep", "3600"], start_new_session=True) for _ in range(2)]
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.wait()

    def settings(self):
        return {"ESCAPE_KEEPER_PID": str(self.processes[0].pid), "ESCAPE_WORKER_PID": str(self.processes[1].pid)}


def kill_but_guard(daemon, pin_dir, stand_ins):
    guard(pin_dir, stand_ins.processes)
    daemon.kill()


def take_away(pin_dir, link):
    """That of an LSM program only where the daemon is dead."""
    pin = pin_dir / "links" / link
    if not is_lsm(link):
        subprocess.run([BPFTOOL, "link", "detach", "pinned", pin], check=True)
        return
    number = link_id(pin)
    pin.unlink()
    wait_for(f"the kernel to let go of {link}", lambda: is_gone(number), GONE_SECONDS)

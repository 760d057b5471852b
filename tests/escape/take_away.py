# SPDX-License-Identifier: Apache-2.0
"""Takes one attached program away, as nobody but the tests' own root can.

A cgroup program's link is detached. The link of an LSM program cannot be: it goes with its last descriptor, so the daemon,
which keeps one, is killed first, and the pin is removed. The program itself is kept meanwhile, and attached again with a link
of its own: a new daemon for each would take a guest the better part of an hour. Two processes that do nothing stand in for
the daemon's, so that what guards them is still asked for."""
import contextlib
import ctypes
import errno
import os
import shutil
import struct
import subprocess

from support.kernel_counters import BPF_OBJ_GET, bpf
from support.places import wait_for

BPFTOOL = shutil.which("bpftool", path="/usr/sbin:/usr/bin") or "/missing/bpftool"
BPF_MAP_UPDATE_ELEM, BPF_MAP_DELETE_ELEM, BPF_OBJ_PIN = 2, 3, 6
BPF_PROG_GET_FD_BY_ID, BPF_OBJ_GET_INFO_BY_FD, BPF_RAW_TRACEPOINT_OPEN = 13, 15, 17
LSM = "sluice_lsm_"
GONE_SECONDS = 60  # of the kernel, from the last descriptor to the program that is called no more


def is_lsm(link):
    return link.startswith(LSM)


def opened(pin):
    path = ctypes.create_string_buffer(str(pin).encode())
    return bpf(BPF_OBJ_GET, struct.pack("=QII", ctypes.addressof(path), 0, 0))


def program_of(pin):
    """The id of the program that a pinned link attaches."""
    descriptor = opened(pin)
    try:
        info = (ctypes.c_uint32 * 64)()
        bpf(BPF_OBJ_GET_INFO_BY_FD, struct.pack("=IIQ", descriptor, ctypes.sizeof(info), ctypes.addressof(info)))
        return info[2]  # struct bpf_link_info: type, id, prog_id, ...
    finally:
        os.close(descriptor)


def attached(program):
    """A new link; None while the kernel has not taken off the one before. Its last close() takes it off before it returns,
    which the removal of a pin does not."""
    try:
        return bpf(BPF_RAW_TRACEPOINT_OPEN, struct.pack("=QII", 0, program, 0))
    except OSError as error:
        if error.errno != errno.EBUSY:
            raise
        return None


class StandIns:
    """Use with `with`, where the daemon is dead: two processes in the place of keeper and worker, which the LSM programs
    refuse a run to signal."""

    def __init__(self, pin_dir):
        self.map = pin_dir / "maps/sluice_daemons"

    def __enter__(self):
        self.processes = [subprocess.Popen(["/bin/sleep", "3600"], start_new_session=True) for _ in range(2)]
        self._tell(BPF_MAP_UPDATE_ELEM)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):  # a case may have taken the pins
            self._tell(BPF_MAP_DELETE_ELEM)
        for process in self.processes:
            process.kill()
            process.wait()

    def _tell(self, command):
        guarded = opened(self.map)
        try:
            for process in self.processes:
                key, here = ctypes.c_uint32(process.pid), ctypes.c_uint32(1)
                bpf(command, struct.pack("=IIQQQ", guarded, 0, ctypes.addressof(key), ctypes.addressof(here), 0))
        finally:
            os.close(guarded)

    def settings(self):
        return {"ESCAPE_KEEPER_PID": str(self.processes[0].pid), "ESCAPE_WORKER_PID": str(self.processes[1].pid)}


def detach(pin):
    subprocess.run([BPFTOOL, "link", "detach", "pinned", pin], check=True)


@contextlib.contextmanager
def taken_away(pin):
    """Of an LSM program. Where the case took away the pins, it does not come back."""
    program = bpf(BPF_PROG_GET_FD_BY_ID, struct.pack("=III", program_of(pin), 0, 0))
    try:
        pin.unlink()
        os.close(wait_for(f"the kernel to let go of {pin.name}", lambda: attached(program), GONE_SECONDS))
        yield
        if pin.parent.exists():
            again = attached(program)
            path = ctypes.create_string_buffer(str(pin).encode())
            bpf(BPF_OBJ_PIN, struct.pack("=QII", ctypes.addressof(path), again, 0))
            os.close(again)
    finally:
        os.close(program)

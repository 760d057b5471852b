# SPDX-License-Identifier: Apache-2.0
"""The kernel side's counters by reason, read from the pinned map by bpf() itself: it asks nobody, so it can be done between
any two system calls of a test."""
import ctypes
import os
import pathlib
import re
import struct

REASONS = pathlib.Path(__file__).resolve().parents[2] / "include/sluice/abi/reason.h"
SYS_BPF = 321  # x86-64
BPF_MAP_LOOKUP_ELEM, BPF_OBJ_GET = 1, 7
FIELDS = 3  # of struct sluice_counter, 64 bits each; the first is the total


def bpf(command, attributes):
    libc = ctypes.CDLL(None, use_errno=True)
    block = ctypes.create_string_buffer(attributes, 128)
    result = libc.syscall(SYS_BPF, command, block, len(attributes))
    if result < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return result


def possible_cpus():
    last = re.findall(r"\d+", pathlib.Path("/sys/devices/system/cpu/possible").read_text())[-1]
    return int(last) + 1


class KernelCounters:
    def __init__(self, pin_dir):
        names = re.findall(r"SLUICE_REASON_(\w+)", re.sub(r"/\*.*?\*/", "", REASONS.read_text(), flags=re.S))
        self.names = [name.lower() for name in names if name != "COUNT"]
        path = ctypes.create_string_buffer(str(pathlib.Path(pin_dir) / "maps/sluice_counters").encode())
        self.fd = bpf(BPF_OBJ_GET, struct.pack("=QII", ctypes.addressof(path), 0, 0))
        self.cpus = possible_cpus()

    def close(self):
        os.close(self.fd)

    def read(self):
        """Counts by reason, over all CPUs."""
        counts = {}
        values = (ctypes.c_uint64 * (self.cpus * FIELDS))()
        for number, name in enumerate(self.names):
            key = ctypes.c_uint32(number)
            bpf(BPF_MAP_LOOKUP_ELEM, struct.pack("=IIQQQ", self.fd, 0, ctypes.addressof(key), ctypes.addressof(values), 0))
            counts[name] = sum(values[::FIELDS])
        return counts

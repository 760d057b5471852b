# SPDX-License-Identifier: Apache-2.0
"""Temporary places of one test run: a directory, a cgroup and pins, gone afterwards whatever happened."""
import contextlib
import os
import pathlib
import shutil
import signal
import socket
import tempfile
import time


def cgroup2_mount():
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        fields, _, rest = line.partition(" - ")
        if rest.split()[0] == "cgroup2":
            return pathlib.Path(fields.split()[4])
    raise RuntimeError("cgroup2 is not mounted; mount -t cgroup2 none /sys/fs/cgroup")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(what, condition, seconds=20.0):
    """Polls until condition() is true; fails loudly with what was awaited."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.02)


def pids_in(cgroup):
    pids = []
    for procs in pathlib.Path(cgroup).rglob("cgroup.procs"):
        with contextlib.suppress(OSError):
            pids += [int(pid) for pid in procs.read_text().split()]
    with contextlib.suppress(OSError):
        pids += [int(pid) for pid in (pathlib.Path(cgroup) / "cgroup.procs").read_text().split()]
    return sorted(set(pids))


def remove_cgroup(cgroup):
    """Kills what is left inside, then removes the directories, deepest first."""
    cgroup = pathlib.Path(cgroup)
    if not cgroup.exists():
        return
    for _ in range(200):
        pids = pids_in(cgroup)
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not pids:
            break
        time.sleep(0.02)
    for directory in sorted((d for d in cgroup.rglob("*") if d.is_dir()), key=lambda d: -len(d.parts)):
        with contextlib.suppress(OSError):
            directory.rmdir()
    cgroup.rmdir()


class Place:
    """A temporary directory, readable to other users where the tests need it, and a child cgroup beside it."""

    def __init__(self, name="sluice-test"):
        if os.geteuid() != 0:
            raise RuntimeError("these tests must run as root: they load BPF programs and make cgroups")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix=f"{name}-"))
        self.dir.chmod(0o755)
        self.cgroup = cgroup2_mount() / self.dir.name
        self.cgroup.mkdir()
        self.pin_dir = pathlib.Path("/sys/fs/bpf") / self.dir.name

    def cgroup_path(self, name):
        """Path of a cgroup of this place as policies write it: below the mount."""
        return "/" + str((self.cgroup / name).relative_to(cgroup2_mount()))

    def close(self):
        remove_cgroup(self.cgroup)
        # Unlinking the pins of links is what detaches the programs.
        shutil.rmtree(self.pin_dir, ignore_errors=True)
        # A child that was interrupted with us may write a last file while we remove its directory.
        for _ in range(100):
            shutil.rmtree(self.dir, ignore_errors=True)
            if not self.dir.exists():
                return
            time.sleep(0.05)
        raise RuntimeError(f"could not remove {self.dir}")

# SPDX-License-Identifier: Apache-2.0
"""Network namespaces of a test's own. Each lives as long as its holder, a process outside of every run, or another that is in
it; nothing in them leads out."""
import os
import pathlib
import subprocess

from .places import wait_for


def namespace_of(pid):
    return os.stat(f"/proc/{pid}/ns/net").st_ino


class NetworkNamespace:
    def __init__(self, lo=True, cgroup=None):
        """`cgroup`: a directory that the holder enters first."""
        def enter():
            if cgroup:
                (pathlib.Path(cgroup) / "cgroup.procs").write_text(str(os.getpid()))
        self.process = subprocess.Popen(["unshare", "--net", "sleep", "infinity"], preexec_fn=enter)
        ours = namespace_of("self")
        wait_for("a network namespace", lambda: namespace_of(self.process.pid) != ours)
        self.inode = namespace_of(self.process.pid)
        self.words = ["nsenter", f"--net=/proc/{self.process.pid}/ns/net"]
        if lo:
            self.ip("link", "set", "lo", "up")

    def run(self, *command, **options):
        return subprocess.run([*self.words, *map(str, command)], check=True, capture_output=True, text=True, **options)

    def ip(self, *words):
        return self.run("ip", *words).stdout

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

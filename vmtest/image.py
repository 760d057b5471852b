# SPDX-License-Identifier: Apache-2.0
"""The guest's whole file system, as an initramfs: what was built, the libraries it needs, a Python, the tests. The guest has
no disk and no share of the host."""
import lzma
import os
import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[1]
PYTHON = "/usr/bin/python3.11"
ACCOUNTS = ("root:x:0:0::/root:/bin/sh", "daemon:x:1:1::/:/bin/false", "games:x:5:60::/:/bin/false",
            "nobody:x:65534:65534::/:/bin/false")
GROUPS = ("root:x:0:", "daemon:x:1:", "games:x:60:", "nogroup:x:65534:")
# Families that a hostile program would ask for, and what destroys sockets.
MODULES = ("tcp_diag", "udp_diag", "inet_diag", "unix_diag", "vsock", "vsock_loopback", "af_alg", "algif_hash", "af_packet",
           "sctp", "dccp", "dccp_ipv4", "tipc", "rds", "rds_tcp", "af_key", "kcm", "l2tp_core", "l2tp_ip", "veth", "dummy",
           "tcp_mptcp", "mptcp_diag", "can", "can_raw", "qrtr", "phonet", "bluetooth", "x25", "llc2", "appletalk")


class Archive:
    """A cpio archive of the kind that the kernel unpacks ("newc")."""

    def __init__(self):
        self.parts = []
        self.seen = set()
        self.number = 0

    def _entry(self, name, mode, data=b"", device=(0, 0)):
        self.number += 1
        encoded = name.encode() + b"\0"
        fields = (self.number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(encoded), 0)
        head = b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        self.parts += [head, b"\0" * (-len(head) % 4), data, b"\0" * (-len(data) % 4)]

    def _once(self, path):
        name = path.lstrip("/")
        if name in self.seen:
            return None
        self.seen.add(name)
        if os.path.dirname(name):
            self.directory(os.path.dirname(name))
        return name

    def directory(self, path, mode=0o755):
        name = self._once(path)
        if name:
            self._entry(name, 0o040000 | mode)

    def link(self, path, target):
        name = self._once(path)
        if name:
            self._entry(name, 0o120777, target.encode())

    def device(self, path, mode, major, minor):
        name = self._once(path)
        if name:
            self._entry(name, 0o020000 | mode, device=(major, minor))

    def data(self, path, data, mode=0o644):
        name = self._once(path)
        if name:
            self._entry(name, 0o100000 | mode, data)

    def text(self, path, text, mode=0o644):
        self.data(path, text.encode(), mode)

    def file(self, source, path=None, mode=None):
        """A file of the host, at its own path or another one; symbolic links are followed."""
        source = pathlib.Path(source)
        self.data(str(path or source), source.read_bytes(), mode or source.stat().st_mode & 0o755)

    def bytes(self):
        end = Archive()
        end._entry("TRAILER!!!", 0)
        joined = b"".join(self.parts + end.parts)
        return joined + b"\0" * (-len(joined) % 512)


def libraries(binary):
    listed = subprocess.run(["ldd", binary], capture_output=True, text=True)
    if listed.returncode != 0 and "not a dynamic executable" not in listed.stderr + listed.stdout:
        raise SystemExit(f"vmtest: ldd {binary}: {listed.stderr.strip()}")
    if "not found" in listed.stdout:
        raise SystemExit(f"vmtest: {binary} lacks a library:\n{listed.stdout}")
    return re.findall(r"(/\S+) \(0x", listed.stdout)


def program(archive, source, path=None):
    archive.file(source, path, 0o755)
    for library in libraries(source):
        archive.file(library, mode=0o755)


def python_files(scripts):
    """What Python opens to import what the scripts import, compiled files too; found by doing it."""
    code = ("import sys; sys.dont_write_bytecode = True\n"
            f"sys.path[:0] = {[str(TOP / 'tests'), str(TOP)]!r}\n"
            f"import {', '.join(scripts)}, encodings.utf_8, encodings.ascii, encodings.idna, encodings.latin_1\n"
            "for module in list(sys.modules.values()):\n"
            "    for name in (getattr(module, '__file__', None), getattr(module, '__cached__', None)):\n"
            "        if name: print(name)\n")
    done = subprocess.run([PYTHON, "-I", "-c", code], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"vmtest: cannot import what the guest runs:\n{done.stderr}")
    return [name for name in done.stdout.split() if os.path.exists(name) and not name.startswith(str(TOP))]


def base(build, tests):
    """Everything that does not depend on the kernel; `build` holds the programs, `tests` names the unit test programs."""
    archive = Archive()
    for name in ("proc", "sys", "dev", "run", "tmp", "root", "etc"):
        archive.directory(name)
    archive.device("dev/console", 0o600, 5, 1)
    archive.file("/bin/busybox", "bin/busybox", 0o755)
    archive.link("bin/sh", "busybox")
    archive.file(TOP / "vmtest/init.sh", "init", 0o755)
    archive.file(build / "vmtest/power_off", "bin/power_off", 0o755)
    archive.text("etc/passwd", "\n".join(ACCOUNTS) + "\n")
    archive.text("etc/group", "\n".join(GROUPS) + "\n")
    archive.text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
    archive.text("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
    program(archive, PYTHON, "usr/bin/python3")
    for name in python_files(("escape.bench", "escape.run", "vmtest.guest", "vmtest.life")):
        archive.file(name)
        if name.endswith(".so"):
            for library in libraries(name):
                archive.file(library, mode=0o755)
    archive.file("/usr/lib/python3.11/os.py")  # the landmark by which Python finds its library
    for name in ("sluiced", "sluice", *(f"tests/{test}" for test in tests)):
        program(archive, build / name, f"sluice/build/{name}")
    archive.file(build / "escape/escape", "sluice/build/escape/escape", 0o755)
    for pattern in ("tests/escape/*.py", "tests/escape/*.yaml", "tests/support/*.py", "vmtest/*.py", "include/sluice/abi/reason.h",
                    "bpf/*.bpf.c", "THREAT_MODEL.md"):
        for source in sorted(TOP.glob(pattern)):
            archive.file(source, f"sluice/{source.relative_to(TOP)}")
    return archive.bytes()


def module_name(part):
    return re.split(r"\.ko", pathlib.Path(part).name)[0].replace("-", "_")


def plain(part):
    return part.removesuffix(".xz")


def modules(kernel):
    """An archive of MODULES, as far as this kernel has them, with what they need."""
    needs = {}
    for line in (kernel.modules / "modules.dep").read_text().splitlines() if (kernel.modules / "modules.dep").exists() else ():
        path, _, rest = line.partition(":")
        needs[path] = rest.split()
    if not needs:
        subprocess.run(["depmod", "-b", kernel.modules.parents[2], kernel.release], check=True, stderr=subprocess.DEVNULL)
        return modules(kernel)
    archive = Archive()
    wanted = [path for path in needs if module_name(path) in MODULES]
    kept = {}
    for path in wanted:
        for part in (path, *needs[path]):
            kept[part] = needs[part]
    where = f"lib/modules/{kernel.release}"
    for part in kept:
        data = (kernel.modules / part).read_bytes()
        archive.data(f"{where}/{plain(part)}", lzma.decompress(data) if part.endswith(".xz") else data)
    archive.text(f"{where}/modules.dep",
                 "".join(f"{plain(part)}: {' '.join(map(plain, rest))}\n" for part, rest in kept.items()))
    names = {module_name(part) for part in kept}
    aliases = [line for line in (kernel.modules / "modules.alias").read_text().splitlines() if line.split()[-1] in names]
    archive.text(f"{where}/modules.alias", "\n".join(aliases) + "\n")
    for name in ("modules.builtin", "modules.symbols"):
        archive.text(f"{where}/{name}", "")
    return archive.bytes()

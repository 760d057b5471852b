# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels, downloaded and unpacked below build/vmtest, never installed; with apt lists of their own, so that the
machine's stay as they are."""
import pathlib
import re
import shutil
import subprocess
import time

# name -> (archive, suite, meta package). Cloud flavour: small, and nothing that the tests need is missing.
KERNELS = {
    "6.1": ("debian-security", "bookworm-security", "linux-image-cloud-amd64"),
    "6.12": ("debian-security", "bookworm-security", "linux-image-6.12-cloud-amd64"),
    "newest": ("debian", "trixie-backports", "linux-image-cloud-amd64"),
}
MIRROR = "http://deb.debian.org"
LISTS_AGE_S = 24 * 3600
PARTS = re.compile(r"linux-(?:image|binary|modules)-\d")


class Kernel:
    def __init__(self, directory):
        found = [*directory.glob("lib/modules/*"), *directory.glob("usr/lib/modules/*")]
        if len(found) != 1:
            raise SystemExit(f"vmtest: {directory} holds {len(found)} kernels; remove it and try again")
        self.modules = found[0]
        self.release = self.modules.name
        # Since 7.x the image lies beside its modules.
        images = [image for image in (directory / "boot" / f"vmlinuz-{self.release}", self.modules / "vmlinuz") if image.exists()]
        if not images:
            raise SystemExit(f"vmtest: {directory} holds no kernel image; remove it and try again")
        self.vmlinuz = images[0]


class Archive:
    def __init__(self, cache, archive, suite):
        self.dir = cache / "apt" / suite
        (self.dir / "lists/partial").mkdir(parents=True, exist_ok=True)
        (self.dir / "cache/archives/partial").mkdir(parents=True, exist_ok=True)
        self.sources = self.dir / "sources.list"
        self.sources.write_text(
            f"deb [arch=amd64 signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {MIRROR}/{archive} {suite} main\n")
        self.options = [f"-o{name}={value}" for name, value in {
            "Dir::Etc::sourcelist": self.sources, "Dir::Etc::sourceparts": "/dev/null", "Dir::State::lists": self.dir / "lists",
            "Dir::Cache": self.dir / "cache", "APT::Sandbox::User": "root", "Acquire::Retries": "3"}.items()]

    def refresh(self):
        stamp = self.dir / "updated"
        if stamp.exists() and time.time() - stamp.stat().st_mtime < LISTS_AGE_S:
            return
        self._run("apt-get", "update", "-qq")
        stamp.touch()

    def closure(self, meta):
        """The packages that hold the kernel's image and modules: the meta package's, as far as they name a version."""
        wanted, seen = [meta], []
        while wanted:
            package = wanted.pop()
            record = self._run("apt-cache", "show", "--no-all-versions", package)
            depends = re.search(r"^Depends: (.*)$", record, re.M)
            for word in re.split(r"[,|]", depends[1] if depends else ""):
                name = word.split()[0]
                if PARTS.match(name) and name not in seen:
                    seen.append(name)
                    wanted.append(name)
        if not seen:
            raise SystemExit(f"vmtest: {meta} depends on no kernel package")
        return sorted(seen)

    def download(self, packages, into):
        self._run("apt-get", "download", "-qq", *packages, cwd=into)

    def _run(self, program, *arguments, cwd=None):
        done = subprocess.run([program, *self.options, *arguments], capture_output=True, text=True, cwd=cwd)
        if done.returncode != 0:
            raise RuntimeError(f"{program} {' '.join(arguments)}: {done.stderr.strip()[-500:]}")
        return done.stdout


def fetch(name, cache):
    """The kernel of that name, from the cache where the archive still has the same one."""
    if name not in KERNELS:
        raise SystemExit(f"vmtest: no kernel '{name}'; there are {', '.join(KERNELS)}")
    archive, suite, meta = KERNELS[name]
    cache = pathlib.Path(cache).resolve()
    apt = Archive(cache, archive, suite)
    current = cache / "kernels" / name
    try:
        apt.refresh()
        packages = apt.closure(meta)
    except RuntimeError as failure:
        if not (current / "packages").exists():
            raise SystemExit(f"vmtest: cannot get kernel {name}: {failure}") from failure
        print(f"vmtest: {failure}; using the kernel {name} that is there")
        return Kernel(current)
    if (current / "packages").exists() and (current / "packages").read_text().split() == packages:
        return Kernel(current)
    fresh = cache / "kernels" / f".{name}"
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "debs").mkdir(parents=True)
    apt.download(packages, fresh / "debs")
    for deb in (fresh / "debs").glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", deb, fresh], check=True)
    shutil.rmtree(fresh / "debs")
    (fresh / "packages").write_text("\n".join(packages) + "\n")
    shutil.rmtree(current, ignore_errors=True)
    fresh.rename(current)
    return Kernel(current)

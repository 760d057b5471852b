# SPDX-License-Identifier: Apache-2.0
"""What runs inside the guest, as its only user program: each step's outcome is one JSON line on the second serial port."""
import json
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

TOP = pathlib.Path("/sluice")
BUILD = TOP / "build"
RESULTS = "/dev/ttyS1"
# A guest without hardware support is some fifty times slower than the host.
ENVIRONMENT = {**os.environ, "SLUICE_BUILD": str(BUILD), "ESCAPE_CASE_MS": "40000", "SLUICE_START_SECONDS": "240", "PYTHONDONTWRITEBYTECODE": "1"}

NEEDS_UNIX_HOOKS = "UnixSockets.*"  # Linux 6.7
NEEDS_LSM = "LsmLayer.*:Probe.SeesBpfLsm*"  # `make unit` leaves these out


def report(results, step, **facts):
    results.write(json.dumps({"step": step, "uptime_s": round(time.monotonic(), 1), **facts}) + "\n")
    results.flush()


def run(command, seconds, **options):
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=seconds,
                              env=ENVIRONMENT, **options)
        return done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        return -1, (late.stdout or b"").decode(), f"did not end in {seconds} s\n" + (late.stderr or b"").decode()


def linux():
    return tuple(map(int, re.match(r"(\d+)\.(\d+)", platform.release()).groups()))


def unit(results, name):
    without = [] if linux() >= (6, 7) else [f"--gtest_filter=-{NEEDS_UNIX_HOOKS}"]
    code, out, err = run([BUILD / "tests" / name, "--gtest_brief=1", *without], 1500, cwd=TOP)
    report(results, name, status=code, text=(out + err)[-4000:])


def unit_lsm(results):
    """Those of unit_kernel that only a kernel with BPF LSM can run."""
    code, out, err = run([BUILD / "tests/unit_kernel", f"--gtest_filter={NEEDS_LSM}"], 600, cwd=TOP)
    if code == 0 and "[  PASSED  ] 0 tests" in out:
        code = -1
    report(results, "unit_lsm", status=code, text=(out + err)[-4000:])


def doctor(results):
    """As root, and as somebody who may load nothing."""
    for user in (None, "games"):
        code, out, err = run([BUILD / "sluice", "doctor", "--json"], 300, **({"user": user, "group": 60} if user else {}))
        try:
            said = json.loads(out)
        except ValueError:
            said = None
        report(results, "doctor", user=user or "root", status=code, said=said, text=err[-2000:])


def escape(results, arguments):
    file = pathlib.Path("/tmp/escape.json")
    code, out, err = run(["/usr/bin/python3", TOP / "tests/escape/run.py", "--root-cgroup", "--json", file, *arguments], 900)
    rows = json.loads(file.read_text())["rows"] if file.exists() else []
    report(results, "escape", status=code, rows=rows, text=out[-300:] if rows else out[-2000:] + err[-4000:])


def mutation(results, programs, arguments):
    code, out, err = run(["/usr/bin/python3", TOP / "tests/escape/run.py", "--root-cgroup", "--mutation", "--programs", programs,
                          *arguments], 600)
    report(results, "mutation", status=code, text=out[-8000:] + err[-4000:])


def life(results):
    code, out, err = run(["/usr/bin/python3", TOP / "vmtest/life.py"], 600)
    report(results, "life", status=code, text=out[-2000:] + err[-4000:])


def control(results):
    code, out, err = run(["/usr/bin/python3", TOP / "tests/escape/run.py", "--control"], 280)
    report(results, "control", status=code, text=out[-2000:] + err[-2000:])


def splats():
    """What the kernel complained about."""
    found = []
    kmsg = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    while True:
        try:
            line = os.read(kmsg, 8192).decode(errors="replace")
        except BlockingIOError:
            return found
        if any(word in line for word in ("BUG:", "WARNING:", "Oops", "Call Trace", "general protection", "soft lockup")):
            found.append(line.strip()[:200])


def main():
    words = dict(word.split("=", 1) for word in pathlib.Path("/proc/cmdline").read_text().split() if word.startswith("vmtest."))
    steps = words.get("vmtest.steps", "").split(",")
    cases = [f"--cases={words['vmtest.cases']}"] if "vmtest.cases" in words else []
    with open(RESULTS, "w") as results:
        report(results, "start", release=platform.release(),
               lsm=pathlib.Path("/sys/kernel/security/lsm").read_text().strip())
        for step in steps:
            if step == "unit_kernel":
                unit(results, "unit_kernel")
            elif step == "unit_lsm":
                unit_lsm(results)
            elif step == "unit_keeper":
                unit(results, "unit_keeper")
            elif step == "doctor":
                doctor(results)
            elif step == "life":
                life(results)
            elif step == "mutation":
                mutation(results, words["vmtest.programs"], cases)
            elif step == "control":
                control(results)
            elif step == "escape":
                escape(results, cases)
            elif step == "escape_quick":
                escape(results, ["--without-restarts"])
        report(results, "end", splats=splats())
    return 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""Boots Debian's kernels in QEMU and runs in each: the kernel's unit tests, the escape suite with the programs at the guest's
root cgroup, `sluice doctor`, whose answers are compared with what is known of the guest, the BPF LSM layer over the life of
its daemons, and that layer with one program taken away at a time.

  run.py --build build/release [--kernels "6.1 6.12 newest"] [--steps doctor,escape] [--cases NAME,...] [--programs PATTERN]
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOP), str(TOP / "tests")]

from escape.run import table_text  # noqa: E402
from vmtest import image  # noqa: E402
from vmtest.kernels import KERNELS, fetch  # noqa: E402

QEMU = "qemu-system-x86_64"
PROGRAMS = {"unit_kernel": "unit_kernel", "unit_keeper": "unit_keeper", "unit_lsm": "unit_kernel"}
STEPS = "doctor,unit_kernel,unit_keeper,control,life,escape,mutation"
GUEST_SECONDS = 3000
DONE = 1  # QEMU's exit code for power_off 0; a panic is 0, and so is a QEMU that was told to end


def boot(kernel, initramfs, log, lsm, steps, options):
    """Runs one guest to its end; returns its result lines, and what was wrong with the run itself."""
    with tempfile.TemporaryDirectory(prefix="sluice-vmtest-") as scratch:
        results = pathlib.Path(scratch) / "results"
        image_file = pathlib.Path(scratch) / "initramfs"
        image_file.write_bytes(initramfs)
        # On a busy host the guest's timer is late, and its clock jumps: the kernel would take the one for broken and the
        # other for a stall of its own.
        words = ["console=ttyS0", "panic=-1", "quiet", "nokaslr", "no_timer_check", "rcupdate.rcu_cpu_stall_suppress=1",
                 f"lsm={lsm}", f"vmtest.steps={steps}"]
        if options.cases:
            words.append(f"vmtest.cases={options.cases}")
        words.append(f"vmtest.programs={options.programs}")
        command = [QEMU, "-accel", "tcg,thread=multi", "-cpu", "max", "-m", "1536", "-smp", "1", "-nodefaults", "-no-user-config",
                   "-display", "none", "-no-reboot", "-serial", f"file:{log}", "-serial", f"file:{results}",
                   "-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-kernel", str(kernel.vmlinuz),
                   "-initrd", str(image_file), "-append", " ".join(words)]
        try:
            code = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=GUEST_SECONDS).returncode
        except subprocess.TimeoutExpired:
            code = None
        lines = [json.loads(line) for line in results.read_text(errors="replace").splitlines() if line.startswith("{")] \
            if results.exists() else []
    wrong = []
    if code is None:
        wrong.append(f"the guest did not end in {GUEST_SECONDS} s")
    elif code != DONE:
        panicked = "Kernel panic" in log.read_text(errors="replace")
        wrong.append("the guest's kernel panicked" if panicked else f"QEMU ended with {code} before the guest did")
    if not lines or lines[-1]["step"] != "end":
        wrong.append("the guest did not get to its end; its console is in " + str(log))
    return lines, wrong


def held(said):
    return {check["name"]: check["holds"] for check in said["checks"]}


def judge_doctor(lines, lsm, diag):
    """Doctor against what is known: the LSM list, the modules that are there, the kernel's age, and who asks."""
    wrong = []
    start = lines[0]
    version = tuple(map(int, re.match(r"(\d+)\.(\d+)", start["release"]).groups()))
    answers = {line["user"]: line for line in lines if line["step"] == "doctor"}
    for user in ("root", "games"):
        if user not in answers or not answers[user]["said"]:
            return [f"doctor as {user} gave no JSON: {answers.get(user, {}).get('text')}"]
    root, other = held(answers["root"]["said"]), held(answers["games"]["said"])
    truths = {"bpf_lsm": "bpf" in lsm.split(","), "sock_destroy": diag, "unix_sockaddr": version >= (6, 7),
              "connect4": True, "connect6": True, "capabilities": True}
    for name, truth in truths.items():
        if root.get(name) != truth:
            wrong.append(f"doctor says {name}: {root.get(name)}; true is {truth}")
    if answers["root"]["status"] != 0:
        wrong.append(f"doctor as root ended with {answers['root']['status']}")
    if other.get("capabilities") is not False or other.get("connect4") is not False or answers["games"]["status"] != 1:
        wrong.append("doctor without root does not say that it could not see")
    return wrong


def show(lines, say):
    """Says what a guest said and returns what was wrong."""
    wrong = []
    for line in lines:
        if line["step"].startswith("unit_") or line["step"] in ("control", "life", "mutation"):
            say(f"{line['step']}: {'passed' if line['status'] == 0 else 'FAILED'} (guest uptime {line['uptime_s']} s)")
            if line["status"] != 0:
                wrong.append(f"{line['step']} ended with {line['status']}")
            if line["status"] != 0 or line["step"] == "mutation":
                say(line["text"])
        elif line["step"] == "escape":
            if line["rows"]:
                say(table_text(line["rows"]))
            if line["status"] != 0:
                wrong.append("the escape suite failed")
            say(line["text"].strip().splitlines()[-1] if line["rows"] and line["text"].strip() else line["text"])
        elif line["step"] == "end":
            wrong += [f"the kernel said: {splat}" for splat in line["splats"]]
    return wrong


def test_kernel(name, kernel, options, base, directory):
    """The guests of one kernel, one after the other; what there is to print, and what was wrong."""
    problems, said = [], []
    modules = image.modules(kernel)
    variants = [("landlock,bpf", options.steps, True)]
    if "doctor" in options.steps:
        variants.append(("landlock", "doctor", False))
    for lsm, steps, diag in variants:
        began = time.monotonic()
        log = directory / f"console-{name}-{lsm.replace(',', '-')}.log"
        said.append(f"\n== kernel {name}: {kernel.release}, lsm={lsm}{'' if diag else ', without modules'}")
        lines, wrong = boot(kernel, base + (modules if diag else b""), log, lsm, steps, options)
        wrong += show(lines, said.append)
        if "doctor" in steps and lines:
            mistakes = judge_doctor(lines, lsm, diag)
            said.append("doctor: " + ("says the truth" if not mistakes else "; ".join(mistakes)))
            wrong += mistakes
        (directory / f"results-{name}-{lsm.replace(',', '-')}.json").write_text(json.dumps(lines, indent=1))
        said.append(f"-- {'ok' if not wrong else 'FAILED: ' + '; '.join(wrong)} ({time.monotonic() - began:.0f} s)")
        problems += [f"{kernel.release} lsm={lsm}: {problem}" for problem in wrong]
    return "\n".join(said), problems


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--kernels", default=" ".join(KERNELS))
    parser.add_argument("--steps", default=STEPS)
    parser.add_argument("--cases", default="")
    parser.add_argument("--programs", default="sluice_lsm_*", help="those that the step 'mutation' takes away")
    options = parser.parse_args()
    options.build = options.build.resolve()
    directory = options.build.parent / "vmtest"
    directory.mkdir(parents=True, exist_ok=True)
    base = image.base(options.build, sorted({PROGRAMS[step] for step in options.steps.split(",") if step in PROGRAMS}))
    kernels = {name: fetch(name, directory) for name in options.kernels.split()}
    problems = []
    # A guest has one processor.
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(1, os.cpu_count() or 1)) as guests:
        running = [guests.submit(test_kernel, name, kernel, options, base, directory) for name, kernel in kernels.items()]
        for guest in running:
            text, wrong = guest.result()
            print(text, flush=True)
            problems += wrong
    print("\nvmtest: " + ("all kernels passed" if not problems else "\n        ".join(["FAILED", *problems])))
    return 1 if problems or not kernels else 0


if __name__ == "__main__":
    sys.exit(main())

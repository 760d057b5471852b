# SPDX-License-Identifier: Apache-2.0
"""What an idle session costs: KiB of memory (proportional set size of the processes) with 1,000 and 10,000 of them open, each
with a statement behind it. Sockets' memory in the kernel is not in it, on any side. Where the machine allows a process fewer
descriptors than 10,000 sessions take, the second count is what it allows."""
import pathlib
import resource
import subprocess
import sys

from stage import Stage
from support.places import free_port

HERE = pathlib.Path(__file__).resolve().parent
COUNTS = (1000, 10000)
DESCRIPTORS = 4  # a session's in any one process, at most
WARM = 50  # what is made once is made by these
BUDGET_KIB = 32


def front(stage):
    port = free_port()
    server = subprocess.Popen([sys.executable, HERE / "idle_server.py", str(port), str(stage.postgres.port)],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    stage.parts.append(lambda: (server.terminate(), server.wait(10)))
    server.stdout.readline()
    return port


def memory_kib(pid):
    """Of a process and its children."""
    rollup = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    kib = next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))
    children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return kib + sum(memory_kib(child) for child in children)


def counts_here():
    """Raises the limit of descriptors of this process and of what it starts."""
    wanted = COUNTS[-1] * DESCRIPTORS
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if limit < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, wanted))
        except ValueError:
            wanted = limit
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, limit)))
    return COUNTS[0], wanted // DESCRIPTORS // 1000 * 1000


def measure(stage, side, pid, counts):
    """KiB a session, by count."""
    steps = [WARM, *(count - before for before, count in zip((0, *counts), counts))]
    client = subprocess.Popen(
        stage.words(side, lambda port: ["/usr/bin/python3", HERE / "idle_client.py", port, stage.postgres.login, *steps]),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=stage.environment(side))
    try:
        found = []
        for _ in steps:
            if client.stdout.readline() != "open\n":
                raise RuntimeError(f"not all sessions could be opened on the side {side}")
            found.append(memory_kib(pid))
            client.stdin.write("\n")
            client.stdin.flush()
        return {count: (at - found[0]) / count for count, at in zip(counts, found[1:])}
    finally:
        client.kill()
        client.wait()


def rows(only):
    if not any(f"idle_{count}".startswith(only) for count in COUNTS):
        return
    counts = counts_here()
    with Stage(front=front) as stage:
        sides = {"haproxy": stage.haproxy.process.pid, "pgbouncer": stage.pgbouncer.process.pid,
                 "sluice": stage.daemon.process.pid}
        kib = {side: measure(stage, side, pid, counts) for side, pid in sides.items()}
    for count in counts:
        values = {side: each[count] for side, each in kib.items()}
        yield {"name": f"idle_{count}", "unit": "KiB/session", "sluice": values["sluice"], "peer": "pgbouncer",
               "peer_value": values["pgbouncer"], "direct_value": None, "ratio": values["sluice"] / values["pgbouncer"],
               "budget": f"<= {BUDGET_KIB} KiB", "met": values["sluice"] <= BUDGET_KIB,
               "others": {"haproxy": values["haproxy"]}}

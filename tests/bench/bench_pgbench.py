# SPDX-License-Identifier: Apache-2.0
"""pgbench directly, through haproxy, through pgbouncer in session mode, and through Sluice.

simple and prepared: -S, rate and median latency. tpcb: pgbench's own script, which writes. reconnect: a connection for each
-S transaction."""
import os
import pathlib
import re
import statistics

from stage import Stage, compared

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
SCALE = 5

WORK = {"simple": ["-S", "-M", "simple"], "prepared": ["-S", "-M", "prepared"], "tpcb": ["-M", "prepared"],
        "reconnect": ["-S", "-C"]}
CLIENTS = {"simple": (1, 16, 64), "prepared": (1, 16, 64), "tpcb": (1, 16), "reconnect": (1, 16)}
BUDGETED = ("simple", "prepared")


def tps(output):
    found = re.search(r"tps = ([0-9.]+) \((without|including)", output)
    if not found:
        raise RuntimeError("pgbench gave no rate:\n" + output)
    return float(found[1])


def latencies(directory):
    """In microseconds: the third word of each line of pgbench's logs, which are then removed."""
    values = []
    for file in directory.glob("side.*"):
        values += [int(line.split()[2]) for line in file.read_text().splitlines()]
        file.unlink()
    return values


def measure(stage, logs, work, clients):
    """Median rate and median latency of each side; the sides take turns."""
    rates = {side: [] for side in stage.sides}
    times = {side: [] for side in stage.sides}
    for _ in range(ROUNDS):
        for side in stage.sides:
            rates[side].append(tps(stage.turn(side, lambda port: [
                "pgbench", "-n", *WORK[work], "-c", clients, "-j", 1, "-T", SECONDS, "--log", f"--log-prefix={logs}/side",
                "-h", "127.0.0.1", "-p", port, "-U", stage.postgres.login, "shop"])))
            times[side] += latencies(logs)
    return ({side: statistics.median(values) for side, values in rates.items()},
            {side: statistics.median(values) for side, values in times.items()})


def rows(only):
    wanted = [(work, clients) for work, counts in CLIENTS.items() for clients in counts
              if f"pgbench_{work}_{clients}".startswith(only) or only.startswith(f"pgbench_{work}_{clients}_")]
    if not wanted:
        return
    with Stage(tables=lambda postgres: postgres.pgbench_tables(SCALE)) as stage:
        logs = pathlib.Path(stage.place.dir) / "pgbench"
        logs.mkdir()
        for work, clients in wanted:
            rate, latency = measure(stage, logs, work, clients)
            budget = 1.0 if work in BUDGETED else None
            yield compared(f"pgbench_{work}_{clients}", "tps", rate, "pgbouncer", budget)
            yield compared(f"pgbench_{work}_{clients}_p50", "us", latency, "pgbouncer", budget, smaller_is_better=True)

# SPDX-License-Identifier: Apache-2.0
"""What the hooks cost: connects that pass direct, are denied, or are steered, against the same without Sluice.

Each side is a process of its own that waits for its turn, so that the sides alternate connect by connect batch. Values are
connects per second of the client's own CPU time where the kernel answers alone (a shared machine's wall clock says more of
its neighbours), and of wall time where the daemon or a relay takes part."""
import os
import pathlib
import statistics
import subprocess

from support.daemon import Daemon
from support.places import Place, free_port

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5")) * 8
COUNT = int(os.environ.get("BENCH_CONNECTS", "400"))

POLICY = """
version: 1
agents:
  bench: {{ launchers: {{ users: [root] }} }}
{agents}
resources:
  direct: {{ protocol: tcp, address: ["127.0.0.1:{direct}"{more}] }}
  denied: {{ protocol: tcp, address: ["127.0.0.1:{denied}"] }}
  steered: {{ protocol: tcp, address: ["127.0.0.1:{steered}"] }}
rules:
  - {{ name: direct, agents: [bench{others}], resources: [direct], actions: [connect], verdict: allow }}
  - {{ name: steered, agents: [bench], resources: [steered], actions: [connect], verdict: allow }}
  - {{ name: watched, agents: [bench], resources: [steered], actions: [connect], verdict: deny, mode: observe }}
"""


class Peers:
    """The C program in its parts; all of it ends with this."""

    def __init__(self, place):
        self.program = place.dir / "connect_loop"
        subprocess.run(["gcc", "-O2", "-o", self.program, HERE / "connect_loop.c"], check=True)
        self.processes = []

    def start(self, *command):
        process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.processes.append(process)
        return process

    def server(self, *what):
        return int(self.start(self.program, *what).stdout.readline())

    def client(self, port, how, run=(), count=COUNT):
        return self.start(*run, self.program, "client", port, how, count)

    def stop(self):
        for process in self.processes:
            process.stdin.close()
            process.terminate()
            process.wait(10)
        self.processes = []


def turn(process):
    process.stdin.write("go\n")
    process.stdin.flush()
    line = process.stdout.readline().split()
    if len(line) != 2:
        raise RuntimeError(f"a client ended with {process.wait()}")
    return int(line[0]), int(line[1])


def compare(sides, rounds=ROUNDS, clock=1):
    """Median ns per connect of each side; they take turns, and the first round does not count."""
    times = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, process in sides.items():
            value = turn(process)[clock]
            if number:
                times[name].append(value)
    return {name: statistics.median(values) for name, values in times.items()}


def row(name, sluice_ns, peer_ns, peer, budget, met):
    ratio = peer_ns / sluice_ns
    return {"name": name, "unit": "connects/s", "sluice": 1e9 / sluice_ns, "peer": peer, "peer_value": 1e9 / peer_ns,
            "direct_value": None, "ratio": ratio, "budget": budget, "met": met(ratio)}


def measure(place, suffix, verdicts, agents, only):
    peers, daemon = Peers(place), None
    try:
        server = peers.server("server")
        other = peers.server("server")
        closed = free_port()
        names = [f"other{i}" for i in range(agents)]
        daemon = Daemon(place)
        daemon.policy(POLICY.format(
            direct=server, denied=closed, steered=other,
            more="".join(f', "127.{1 + i // 65536}.{i // 256 % 256}.{i % 256}:{server}"' for i in range(verdicts)),
            agents="".join(f"  {name}: {{ launchers: {{ users: [root] }} }}\n" for name in names),
            others="".join(f", {name}" for name in names)))
        daemon.start()
        os.environ["SLUICE_CONFIG"] = str(daemon.config)
        sleepers = [daemon.spawn(name, "sleep", "600") for name in names[:min(agents, 200)]]
        run = daemon.run_command("bench")
        rows = []
        if f"connect_direct{suffix}".startswith(only) or not only:
            times = compare({"sluice": peers.client(server, "close", run), "none": peers.client(server, "close")})
            rows.append(row(f"connect_direct{suffix}", times["sluice"], times["none"], "no BPF", ">= 0.97", lambda r: r >= 0.97))
        if f"connect_denied{suffix}".startswith(only) or not only:
            times = compare({"sluice": peers.client(closed, "refused", run), "none": peers.client(closed, "refused")})
            rows.append(row(f"connect_denied{suffix}", times["sluice"], times["none"], "refused", ">= 2.0", lambda r: r >= 2.0))
        if f"connect_steered{suffix}".startswith(only) or not only:
            relay = peers.server("relay", other)
            times = compare({"sluice": peers.client(other, "echo", run, COUNT // 4), "relay": peers.client(relay, "echo", (), COUNT // 4)},
                            rounds=max(4, ROUNDS // 4), clock=0)
            rows.append(row(f"connect_steered{suffix}", times["sluice"], times["relay"], "relay", "none", lambda r: True))
        for sleeper in sleepers:
            sleeper.terminate()
            sleeper.communicate(timeout=10)
        return rows
    finally:
        peers.stop()
        if daemon:
            daemon.close()


def rows(only):
    only = only if only.startswith("connect_") else ""
    for suffix, verdicts, agents in (("_10", 10, 10), ("_10000", 10_000, 10), ("_10_agents_200", 10, 200)):
        place = Place("sluice-bench")
        try:
            yield from measure(place, suffix, verdicts, agents, only)
        finally:
            place.close()

# SPDX-License-Identifier: Apache-2.0
"""From the command `sluice revoke` to the death of an open socket that passes direct, and of one that is steered; beside it
a command that changes nothing, which is the part of starting a program and asking the daemon."""
import os
import socket
import statistics
import subprocess
import threading
import time

from support.daemon import BUILD, Daemon
from support.places import Place, wait_for

ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5")) * 2
BUDGET_MS = 100

POLICY = """
version: 1
agents: {{ bench: {{ launchers: {{ users: [root] }} }} }}
resources: {{ service: {{ protocol: tcp, address: ["127.0.0.1:{port}"] }} }}
rules:
  - {{ name: open, agents: [bench], resources: [service], actions: [connect], verdict: allow{condition} }}
"""

# Waits on an open connection and says when it died, by a clock that all processes share.
WAITS = """
import socket, sys, time
connection = socket.create_connection(('127.0.0.1', int(sys.argv[1])))
connection.sendall(b'x')
connection.recv(1)
print('open', flush=True)
try:
    connection.recv(1)
except OSError:
    pass
print(time.clock_gettime(time.CLOCK_MONOTONIC), flush=True)
"""


def serve(server):
    peers = []
    while True:
        try:
            peer, _ = server.accept()
        except OSError:
            return
        peers.append(peer)
        peer.sendall(peer.recv(1))


def timed(daemon, *command):
    begun = time.clock_gettime(time.CLOCK_MONOTONIC)
    subprocess.run([BUILD / "sluice", *command], env=daemon.environment(), check=True, capture_output=True)
    return begun, (time.clock_gettime(time.CLOCK_MONOTONIC) - begun) * 1000


def measure(daemon, port):
    deaths, commands, idle = [], [], []
    for _ in range(ROUNDS):
        agent = daemon.spawn("bench", "/usr/bin/python3", "-c", WAITS, port)
        assert agent.stdout.readline() == "open\n"
        run = next(run for row in daemon.json("agents")["agents"] for run in row["runs"] if not run["revoked"])
        begun, took = timed(daemon, "revoke", run["id"])
        dead = float(agent.communicate(timeout=30)[0])
        deaths.append((dead - begun) * 1000)
        commands.append(took)
        idle.append(timed(daemon, "status")[1])
        wait_for("the run to end", lambda: daemon.json("status")["runs_living"] == 0)
    return statistics.median(deaths), statistics.median(commands), statistics.median(idle)


def rows(only):
    for name, condition in (("revoke_direct", ""), ("revoke_steered", ", when: { on_behalf_of: [root] }")):
        if not name.startswith(only) and not only.startswith("revoke"):
            continue
        place = Place("sluice-bench")
        server = socket.create_server(("127.0.0.1", 0))
        thread = threading.Thread(target=serve, args=(server,), daemon=True)
        thread.start()
        daemon = Daemon(place)
        try:
            daemon.policy(POLICY.format(port=server.getsockname()[1], condition=condition))
            daemon.start()
            death, command, idle = measure(daemon, server.getsockname()[1])
            yield {"name": name, "unit": "ms", "sluice": death, "peer": "status", "peer_value": idle, "direct_value": command,
                   "ratio": death / idle, "budget": f"<= {BUDGET_MS} ms", "met": death <= BUDGET_MS}
        finally:
            daemon.close()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            server.close()
            place.close()

# SPDX-License-Identifier: Apache-2.0
"""A daemon that hangs counts as dead: nothing is steered and nothing passes direct, until it goes on. Who is in no run
does not notice."""
import contextlib
import os
import signal
import socket

import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for
from support.servers import TcpServer

# Tries what it is told to, a line each: tcp PORT, or dns for a query to a resolver.
PROGRAM = """
import socket, sys
for line in sys.stdin:
    what, _, port = line.partition(" ")
    try:
        if what == "tcp":
            socket.create_connection(("127.0.0.1", int(port)), 10).close()
        else:
            asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            asker.sendto(b"no message", ("127.0.0.53", 53))
            asker.close()
        print("done", flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""


@pytest.fixture(scope="module")
def echo():
    """A TCP service that the policy passes unread: its connections never come to the daemon."""
    with contextlib.closing(TcpServer()) as server:
        yield server.port


@pytest.fixture(scope="module")
def daemon(place, postgres, echo):
    daemon = Daemon(place, heartbeat_limit_ms=2000)
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    text = text.replace("rules:\n", f"""  opaque: {{ protocol: tcp, address: ["127.0.0.1:{echo}"] }}
rules:
  - {{ name: unread, agents: [reporter], resources: [opaque], actions: [connect], verdict: allow }}
""", 1)
    daemon.policy(text)
    yield daemon.start()
    daemon.close()


class Agent:
    def __init__(self, daemon):
        self.process = daemon.spawn("reporter", "/usr/bin/python3", "-c", PROGRAM)

    def try_to(self, what):
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def close(self):
        self.process.communicate(timeout=20)


@pytest.fixture
def agent(daemon):
    agent = Agent(daemon)
    yield agent
    agent.close()


def silent(daemon):
    return daemon.json("status")["counters"].get("kernel_daemon_silent", 0)


def test_a_worker_that_hangs_lets_nothing_pass_until_it_goes_on(daemon, postgres, echo, agent):
    ways = [f"tcp {postgres.port}", f"tcp {echo}", "dns"]
    assert [agent.try_to(way) for way in ways] == ["done"] * 3
    assert silent(daemon) == 0, "a healthy daemon is never taken for a dead one"
    worker = daemon.worker_pid()
    os.kill(worker, signal.SIGSTOP)
    try:
        for way in ways:
            wait_for(f"{way} to be refused", lambda: agent.try_to(way) == "ConnectionRefusedError")
        for way in ways:
            assert agent.try_to(way) == "ConnectionRefusedError", "and so it stays"
        # Who is in no run is not touched.
        for port in (postgres.port, echo):
            socket.create_connection(("127.0.0.1", port), 10).close()
    finally:
        os.kill(worker, signal.SIGCONT)
    for way in ways:
        wait_for(f"{way} to pass again", lambda: agent.try_to(way) == "done")
    assert silent(daemon) >= 6


def test_a_new_daemon_takes_the_heartbeat_over(daemon, postgres, agent):
    old = daemon.replace()
    old.wait(20)
    # Longer than the old one's word counts.
    before = silent(daemon)
    worker = daemon.worker_pid()
    os.kill(worker, signal.SIGSTOP)
    try:
        wait_for("connects to be refused", lambda: agent.try_to(f"tcp {postgres.port}") == "ConnectionRefusedError")
    finally:
        os.kill(worker, signal.SIGCONT)
    wait_for("connects to pass again", lambda: agent.try_to(f"tcp {postgres.port}") == "done")
    assert silent(daemon) > before


def test_a_daemon_that_was_killed_leaves_nothing_that_passes_for_long(daemon, echo, agent):
    wait_for("connects to pass", lambda: agent.try_to(f"tcp {echo}") == "done")
    daemon.kill()
    wait_for("connects to be refused", lambda: agent.try_to(f"tcp {echo}") == "ConnectionRefusedError")
    daemon.start()
    wait_for("connects to pass again", lambda: agent.try_to(f"tcp {echo}") == "done")


def test_a_clean_stop_ends_direct_connects_at_once(daemon, echo, agent):
    wait_for("connects to pass", lambda: agent.try_to(f"tcp {echo}") == "done")
    daemon.stop()
    assert agent.try_to(f"tcp {echo}") == "ConnectionRefusedError"
    daemon.start()

# SPDX-License-Identifier: Apache-2.0
"""A worker that hangs counts as dead: nothing is steered and nothing passes direct, until it goes on."""
import os
import signal
import socket
import threading

import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for

PROGRAM = """
import socket, sys
for line in sys.stdin:
    try:
        socket.create_connection(("127.0.0.1", int(line)), 10).close()
        print("connected", flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""


@pytest.fixture(scope="module")
def echo():
    """A TCP service that the policy passes unread: its connections never come to the daemon."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                server.accept()[0].close()
            except OSError:
                return
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    thread.join()
    server.close()


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

    def connect(self, port):
        self.process.stdin.write(f"{port}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


def test_a_worker_that_hangs_lets_nothing_pass_until_it_goes_on(daemon, postgres, echo):
    agent = Agent(daemon)
    assert agent.connect(echo) == "connected" and agent.connect(postgres.port) == "connected"
    worker = daemon.worker_pid()
    os.kill(worker, signal.SIGSTOP)
    try:
        for port in (echo, postgres.port):
            wait_for("connects to be refused", lambda: agent.connect(port) == "ConnectionRefusedError")
    finally:
        os.kill(worker, signal.SIGCONT)
    for port in (echo, postgres.port):
        wait_for("connects to pass again", lambda: agent.connect(port) == "connected")
    assert daemon.json("status")["counters"]["daemon_silent"] >= 2
    agent.process.communicate(timeout=20)


def test_a_daemon_that_was_killed_leaves_nothing_that_passes_for_long(daemon, echo):
    agent = Agent(daemon)
    assert agent.connect(echo) == "connected"
    daemon.kill()
    wait_for("connects to be refused", lambda: agent.connect(echo) == "ConnectionRefusedError")
    agent.process.communicate(timeout=20)


def test_a_clean_stop_ends_direct_connects_at_once(daemon, echo):
    daemon.start()
    agent = Agent(daemon)
    assert agent.connect(echo) == "connected"
    daemon.stop()
    assert agent.connect(echo) == "ConnectionRefusedError"
    agent.process.communicate(timeout=20)

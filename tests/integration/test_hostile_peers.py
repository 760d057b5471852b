# SPDX-License-Identifier: Apache-2.0
"""Bytes that no honest peer sends, from an agent or from an upstream: the flow ends with a reason, memory stays bounded,
nothing unmasked comes through, and everybody else is served."""
import contextlib
import pathlib
import re
import socket
import struct
import subprocess
import threading

import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for

GROWTH_MAX = 96 << 20  # bytes; one flow may hold a message of 16 MiB and its copies, not what a peer announces
SSN = b"078-05-1120"


def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body


def row(*cells):
    return message(b"D", struct.pack("!h", len(cells)) + b"".join(struct.pack("!i", len(cell)) + cell for cell in cells))


def columns(*names):
    """Columns of type text that claim to come from no table, which is how an expression looks."""
    return message(b"T", struct.pack("!h", len(names)) + b"".join(
        name + b"\0" + struct.pack("!ihihih", 0, 0, 25, -1, -1, 0) for name in names))


DONE = message(b"C", b"SELECT 1\0") + message(b"Z", b"I")

# What a hostile server says instead of its answer to "SELECT ssn FROM customers".
ANSWERS = {
    "garbage": b"\xff" * 4096,
    "a row that nobody announced": row(SSN) + DONE,
    "a column under another name": columns(b"harmless") + row(SSN) + DONE,
    "more cells than columns": columns(b"ssn") + row(b"x", SSN) + DONE,
    "a second result": columns(b"ssn") + row(b"x") + message(b"C", b"SELECT 1\0") + columns(b"y") + row(SSN) + DONE,
    "a cell longer than its row": columns(b"ssn") + message(b"D", struct.pack("!hi", 1, 4000) + SSN) + DONE,
    "a copy that nobody asked for": message(b"H", b"\0\0\1\0\0") + message(b"d", SSN + b"\n") + message(b"c", b"") + DONE,
    "ready twice": columns(b"ssn") + row(b"x") + DONE + message(b"Z", b"I") + row(SSN),
    "a login again": message(b"R", struct.pack("!i", 0)) + row(SSN) + DONE,
    "a length below itself": b"D" + struct.pack("!i", 3) + SSN,
    "half a message": b"D" + struct.pack("!i", 400) + SSN,
}


class Meddler:
    """Relays to the real server until the agent's statement comes, then answers in the server's place."""

    def __init__(self, port):
        self.real = port
        self.answer = b""
        self.met = 0  # how often it answered in the server's place
        self.flood = False
        self.flooded = 0
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(peer,), daemon=True).start()

    def _one(self, peer):
        with contextlib.suppress(OSError), peer, socket.create_connection(("127.0.0.1", self.real)) as server:
            threading.Thread(target=self._back, args=(server, peer), daemon=True).start()
            while data := peer.recv(65536):
                if b"SELECT ssn FROM customers" not in data:
                    server.sendall(data)
                    continue
                self.met += 1
                peer.sendall(self.answer)
                while self.flood:
                    peer.sendall(b"x" * 65536)
                    self.flooded += 65536
                if self.answer == ANSWERS["half a message"]:
                    return

    @staticmethod
    def _back(server, peer):
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                peer.sendall(data)

    def close(self):
        self.server.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.server.close()


@pytest.fixture(scope="module")
def meddler(postgres):
    meddler = Meddler(postgres.port)
    yield meddler
    meddler.close()


@pytest.fixture(scope="module")
def daemon(place, postgres, meddler):
    daemon = Daemon(place)
    secret = daemon.secret("orders", postgres.password)
    text = policy_for(postgres, secret)
    text = text.replace("rules:\n", f"""  meddled:
    protocol: postgres
    address: ["127.0.0.1:{meddler.port}"]
    upstream_tls: disable
    login: {{ user: {postgres.login}, password_file: {secret} }}
    sensitive: [{{ column: public.customers.ssn, mask: redact }}]
rules:
  - {{ name: meddled reads, agents: [reporter], resources: [meddled], actions: [read], verdict: allow }}
""", 1)
    daemon.policy(text)
    yield daemon.start()
    daemon.close()


@pytest.fixture
def growth(daemon):
    """How much more than now the worker will have held at most, in bytes."""
    process = pathlib.Path(f"/proc/{daemon.worker_pid()}")
    (process / "clear_refs").write_text("5")  # VmHWM begins anew

    def read(name):
        line = next(line for line in (process / "status").read_text().splitlines() if line.startswith(name))
        return int(line.split()[1]) << 10
    before = read("VmRSS")
    return lambda: read("VmHWM") - before


def ask(daemon, port, seconds=30):
    return daemon.run("reporter", "psql", "-X", "-At", f"host=127.0.0.1 port={port} user=alice dbname=shop sslmode=disable",
                      "-c", "SELECT ssn FROM customers", timeout=seconds)


def last_session(daemon, resource):
    return [row for row in daemon.json("sessions")["sessions"] if row["resource"] == resource][-1]


def closed_session(daemon, resource):
    def closed():
        row = last_session(daemon, resource)
        return row if row["closed_at"] else None
    return wait_for("the session to be closed", closed)


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_hostile_server_shows_the_agent_nothing_unmasked(daemon, meddler, postgres, answer):
    met = meddler.met
    meddler.answer, meddler.flood = ANSWERS[answer], False
    done = ask(daemon, meddler.port)
    assert meddler.met == met + 1
    assert SSN.decode() not in done.stdout + done.stderr
    assert SSN.decode() not in daemon.sluice("replay", last_session(daemon, "meddled")["session"]).stdout
    served = ask(daemon, postgres.port)
    assert served.returncode == 0 and "[redacted]" in served.stdout, served.stderr


@pytest.mark.parametrize("answer", ["garbage", "a cell longer than its row", "a length below itself", "more cells than columns",
                                    "a row that nobody announced"])
def test_what_cannot_be_read_ends_the_flow_with_a_reason(daemon, meddler, answer):
    met = meddler.met
    meddler.answer, meddler.flood = ANSWERS[answer], False
    done = ask(daemon, meddler.port)
    assert meddler.met == met + 1
    assert done.returncode != 0 and done.stderr.strip()
    row = closed_session(daemon, "meddled")
    assert "server" in row["close_reason"] or "upstream" in row["close_reason"], row


def test_a_row_of_a_gigabyte_is_not_buffered(daemon, meddler, growth):
    meddler.answer = columns(b"ssn") + b"D" + struct.pack("!i", 1 << 30)
    meddler.flood, meddler.flooded = True, 0
    done = ask(daemon, meddler.port)
    meddler.flood = False
    assert done.returncode != 0
    assert growth() < GROWTH_MAX and meddler.flooded < 256 << 20


FLOOD = """
import socket, struct, sys
head = eval(sys.argv[2])
sent = 0
with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10) as s:
    s.settimeout(20)
    try:
        words = b'user\\0alice\\0database\\0shop\\0\\0'
        s.sendall(struct.pack('!ii', 8 + len(words), 196608) + words)
        if len(sys.argv) > 3:
            while not s.recv(65536).endswith(b'Z\\0\\0\\0\\5I'):
                pass
        s.sendall(head)
        for _ in range(2048):
            s.sendall(b'x' * 65536)
            sent += 65536
        s.shutdown(socket.SHUT_WR)
        while s.recv(65536):
            pass
    except ConnectionError:
        pass
print('ended after', sent)
"""


@pytest.mark.parametrize("when", ["at once", "after login"])
@pytest.mark.parametrize("head", ["b'Q' + struct.pack('!i', 0x7fffffff)", "b'P' + struct.pack('!i', 0x3ffffff0)",
                                  "b'p' + struct.pack('!i', 0x10000000)", "b'd' + struct.pack('!i', 0x20000000)",
                                  "b'H' + struct.pack('!i', 0x20000000)", "b''"])
def test_what_an_agent_floods_is_not_buffered_and_the_flow_ends(daemon, postgres, growth, head, when):
    done = daemon.run("reporter", "/usr/bin/python3", "-c", FLOOD, postgres.port, head,
                      *(["wait"] if when == "after login" else []), check=True)
    assert "ended after" in done.stdout
    assert growth() < GROWTH_MAX
    row = closed_session(daemon, "orders")
    assert row["close_reason"] and row["statements"] == 0, row
    assert b"x" * 64 not in postgres.log_text().encode()
    served = ask(daemon, postgres.port)
    assert served.returncode == 0, served.stderr


# Sends small pieces faster than they are served, and reads its answers: by both the kernel learns to keep more.
RUNS_AHEAD = """
import select, socket, struct, sys, time
def message(kind, body):
    return kind + struct.pack('!i', len(body) + 4) + body
def until_ready():
    while not s.recv(65536).endswith(b'Z\\0\\0\\0\\5I'):
        pass
with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10) as s:
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.sendall(message(b'', struct.pack('!i', 196608) + b'user\\0alice\\0database\\0shop\\0\\0'))
    until_ready()
    s.sendall(message(b'P', b'named\\0SELECT $1::text\\0\\0\\0') + message(b'S', b''))
    until_ready()
    s.setblocking(False)
    piece = message(b'B', b'\\0named\\0\\0\\0\\0\\1' + struct.pack('!i', 40) + b'x' * 40 + b'\\0\\0') + message(b'E', b'\\0' * 5)
    sent = answered = 0
    while sent < 16 << 20:
        readable, writable, _ = select.select([s], [s], [], 10)
        assert readable or writable
        if readable:
            answered += len(s.recv(1 << 20))
        try:
            while writable:
                sent += s.send(piece[sent % len(piece):])
        except BlockingIOError:
            pass
    assert answered > 0
    print(s.getsockname()[1], flush=True)
    sys.stdin.readline()
"""


def test_an_agent_that_runs_ahead_has_the_host_keep_little_of_it(daemon, postgres):
    agent = daemon.spawn("writer", "/usr/bin/python3", "-c", RUNS_AHEAD, postgres.port)
    try:
        port = int(agent.stdout.readline())
        shown = subprocess.run(["ss", "-tmnH", f"dport = :{port}"], stdout=subprocess.PIPE, text=True, check=True).stdout
        limits = [int(number) for number in re.findall(r"\brb(\d+)", shown)]
        assert len(limits) == 1 and limits[0] <= 512 << 10, shown
    finally:
        agent.communicate("\n", timeout=30)


def test_many_half_open_agents_cost_little(daemon, postgres, growth):
    program = ("import socket, sys\nheld = []\nfor _ in range(200):\n s = socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10)\n"
               " s.sendall(b'\\0\\0\\0'); held.append(s)\nprint(len(held), flush=True); sys.stdin.readline()")
    agent = daemon.spawn("reporter", "/usr/bin/python3", "-c", program, postgres.port)
    try:
        assert agent.stdout.readline() == "200\n"
        assert ask(daemon, postgres.port).returncode == 0
        assert growth() < GROWTH_MAX
    finally:
        agent.communicate("\n", timeout=30)
    wait_for("the flows to end", lambda: daemon.json("status")["flows_open"] == 0)
    assert daemon.sluice("verify").returncode == 0

# SPDX-License-Identifier: Apache-2.0
"""Names inside a run: what the policy knows resolves and can be connected to, all else does not exist and is audited.

The daemon and the agents get a hosts file and a resolv.conf of their own, in mount namespaces of their own: the resolver
that the agents are told of is an address where nobody listens.
"""
import contextlib
import json
import os
import socket
import subprocess

import pytest

from conftest import policy_for
from support.daemon import BUILD, Daemon
from support.places import free_port, wait_for
from support.servers import TcpServer

KNOWN, WEB, HIDDEN = "db.sluice.test", "web.sluice.test", "hidden.sluice.test"
RESOLVERS = ["127.0.0.53", "127.7.7.7", "::1"]


class NamedDaemon(Daemon):
    """A daemon that resolves the names of the test, and agents that ask a resolver which is not there."""

    def __init__(self, place, hosts, **settings):
        super().__init__(place, **settings)
        self.hosts, self.resolv = place.dir / "hosts", place.dir / "resolv.conf"
        self.hosts.write_text("127.0.0.1 localhost\n" + "".join(f"{ip} {name}\n" for ip, name in hosts))
        self.resolv.write_text("nameserver 127.7.7.7\nsearch example.test\noptions timeout:2 attempts:2\n")

    @staticmethod
    def with_file(file, over, command):
        return ["unshare", "--mount", "sh", "-c", f"mount --bind {file} {over} && exec \"$@\"", "sh", *map(str, command)]

    def start(self, log_level="info", options=()):
        self.started_at = self.log.stat().st_size if self.log.exists() else 0
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.with_file(self.hosts, "/etc/hosts", [BUILD / "sluiced", "--config", self.config, "--log-level", log_level,
                                                          *options]),
                # Leaks are looked for by tracing, which neither half of sluiced lets anybody do.
                env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0"},
                stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        wait_for("sluiced to be ready", self._ready, 60)
        return self

    def run_command(self, agent, *command, options=()):
        return self.with_file(self.resolv, "/etc/resolv.conf", super().run_command(agent, *command, options=options))

    def queries(self, **wanted):
        """Lines of the audit about DNS that have these values."""
        lines = [json.loads(line) for line in (self.state_dir / "audit.jsonl").read_text().splitlines()]
        return [line for line in lines if line["event"] == "dns" and all(line.get(k) == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def web():
    """A service that is passed unread: says hello as HTTP does."""
    def hello(peer):
        peer.recv(1000)
        peer.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 6\r\n\r\nhello\n")
    with contextlib.closing(TcpServer(hello)) as server:
        yield server.port


@pytest.fixture(scope="module")
def daemon(place, postgres, web):
    daemon = NamedDaemon(place, [("127.0.0.1", KNOWN), ("127.0.0.1", WEB), ("::1", WEB), ("127.0.0.1", HIDDEN)])
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    text = text.replace(f"\"localhost:{postgres.port}\"", f"\"{KNOWN}:{postgres.port}\"", 1)
    text = text.replace("upstream_tls: verify-full", "upstream_tls: require", 1)
    text = "".join(line + "\n" for line in text.splitlines() if "upstream_ca" not in line)
    text = text.replace("rules:\n", f"""  web: {{ protocol: tcp, address: ["{WEB}:{web}"] }}
  hidden: {{ protocol: tcp, address: ["{HIDDEN}:{free_port()}"] }}
rules:
  - {{ name: the web, agents: [reporter], resources: [web], actions: [connect], verdict: allow }}
  - {{ name: not for the reporter, agents: [writer], resources: [hidden], actions: [connect], verdict: allow }}
""", 1)
    daemon.policy(text)
    yield daemon.start()
    daemon.close()


def python(daemon, program, agent="reporter"):
    return daemon.run(agent, "/usr/bin/python3", "-c", "import socket\n" + program)


@pytest.mark.parametrize("command", [["getent", "ahostsv4"], ["getent", "ahosts"], ["getent", "hosts"]])
def test_glibc_resolves_what_the_policy_knows(daemon, command):
    done = daemon.run("reporter", *command, KNOWN)
    assert done.returncode == 0 and "127.0.0.1" in done.stdout, done.stdout + done.stderr


def test_python_resolves_and_connects_by_name(daemon, web):
    done = python(daemon, f"s = socket.create_connection(('{WEB}', {web}), 20); s.sendall(b'x'); print(s.recv(8))")
    assert done.stdout == "b'HTTP/1.0'\n", done.stderr


def test_curl_connects_by_name(daemon, web):
    done = daemon.run("reporter", "curl", "-sS", "--noproxy", "*", f"http://{WEB}:{web}/")
    assert done.stdout == "hello\n", done.stderr


def test_psql_connects_by_name(daemon, postgres):
    done = daemon.run("reporter", "psql", "-X", "-At", f"host={KNOWN} port={postgres.port} user=alice dbname=shop",
                      "-c", "SELECT count(*) FROM customers")
    assert done.returncode == 0 and int(done.stdout) > 0, done.stderr


def test_an_unknown_name_does_not_exist_and_is_audited(daemon):
    secret = "c2vjcmv0.attacker.example"
    done = daemon.run("reporter", "getent", "ahosts", secret)
    assert done.returncode == 2, done.stdout + done.stderr
    rows = wait_for("the query to be audited", lambda: daemon.queries(name=secret))
    assert {row["verdict"] for row in rows} == {"unknown_name"}
    assert all(row["lineage"] == ["reporter"] and row["run"] and row["pid"] and row["resolver"] == "127.7.7.7:53" for row in rows)
    wait_for("the search domain to be asked too, and to fall through", lambda: daemon.queries(name=secret + ".example.test"))
    assert daemon.json("status")["counters"]["dns_unknown_name"] >= 2


def test_a_name_that_only_another_agent_reaches_does_not_exist(daemon):
    assert daemon.run("reporter", "getent", "ahosts", HIDDEN).returncode == 2
    assert daemon.run("writer", "getent", "ahosts", HIDDEN).returncode == 0


@pytest.mark.parametrize("resolver", RESOLVERS)
@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dig_sees_its_answer_come_from_the_resolver_that_it_asked(daemon, resolver, transport):
    done = daemon.run("reporter", "dig", f"@{resolver}", transport, "+tries=1", "+time=20", KNOWN, "A")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "status: NOERROR" in done.stdout and f"SERVER: {resolver}#53" in done.stdout
    assert "127.0.0.1" in done.stdout and "unexpected source" not in done.stdout + done.stderr


def test_other_types_of_a_known_name_are_empty_and_letters_keep_their_case(daemon):
    done = daemon.run("reporter", "dig", "@127.0.0.53", "+tries=1", "+time=20", "Db.SLUICE.test", "HTTPS")
    assert "status: NOERROR" in done.stdout and "ANSWER: 0" in done.stdout and "Db.SLUICE.test." in done.stdout


TWO = """
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20)
name = b''.join(bytes([len(label)]) + label for label in b'NAME'.split(b'.'))
query = bytes.fromhex('abcd01000001000000000000') + name + bytes.fromhex('0000010001')
s.sendto(query, ('127.0.0.53', 53)); s.sendto(query, ('127.7.7.7', 53))
print(sorted(s.recvfrom(1000)[1] for _ in range(2)))
"""


def test_two_resolvers_on_one_socket_are_told_apart(daemon):
    done = python(daemon, TWO.replace("NAME", KNOWN))
    assert done.stdout == "[('127.0.0.53', 53), ('127.7.7.7', 53)]\n", done.stderr


def test_a_hosts_file_of_the_agents_own_makes_no_name_match(daemon, place, web):
    """The agent says that the name lives where somebody listens; the policy's name does not live there."""
    lie = place.dir / "lie"
    lie.write_text(f"127.0.0.9 {WEB}\n")
    with socket.create_server(("127.0.0.9", web)) as elsewhere:
        elsewhere.settimeout(0)
        done = subprocess.run(
            daemon.with_file(lie, "/etc/hosts", daemon.run_command("reporter", "curl", "-sS", "--noproxy", "*", f"http://{WEB}:{web}/")),
            capture_output=True, text=True, env=daemon.environment(), timeout=60)
        assert done.returncode != 0 and "hello" not in done.stdout
        with pytest.raises(BlockingIOError):
            elsewhere.accept()


def test_quic_is_refused_at_once(daemon):
    done = python(daemon, "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 443))")
    assert done.returncode != 0 and "PermissionError" in done.stderr


FLOOD = """
import select, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('127.0.0.53', 53))
query = bytes.fromhex('abcd01000001000000000000') + b'\\x05flood\\x04test\\x00\\x00\\x01\\x00\\x01'
sent = 0
while sent < 300_000 and not select.select([sys.stdin], [], [], 0.02)[0]:
    for _ in range(100): s.send(query)
    sent += 100
print(sent)
"""


def test_a_flood_of_queries_is_limited_and_said(daemon):
    audit = daemon.state_dir / "audit.jsonl"
    before = len(daemon.queries(name="flood.test"))
    flood = daemon.spawn("reporter", "/usr/bin/python3", "-c", FLOOD)
    try:
        wait_for("the limit to be said", lambda: daemon.json("status")["counters"]["dns_limited"] > 0, 60)
        wait_for("the limit to be audited", lambda: '"event":"dns_limited"' in audit.read_text(), 60)
    finally:
        sent, errors = flood.communicate("enough", timeout=60)
    assert flood.returncode == 0, errors
    assert len(daemon.queries(name="flood.test")) - before < int(sent)
    wait_for("another run not to be limited", lambda: daemon.run("writer", "getent", "ahosts", HIDDEN).returncode == 0)


def test_bytes_that_are_no_query_leave_the_resolver_alive(daemon):
    program = """
import os
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('127.0.0.53', 53))
for size in list(range(40)) + [500, 1500, 9000]: s.send(os.urandom(size))
t = socket.create_connection(('127.0.0.53', 53), 20); t.sendall(b'\\xff\\xff' + os.urandom(100))
"""
    assert python(daemon, program).returncode == 0
    assert daemon.run("reporter", "getent", "ahosts", KNOWN).returncode == 0


LONG_ASKER = """
import sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(20); s.connect(('127.0.0.53', 53))
name = b''.join(bytes([len(label)]) + label for label in b'NAME'.split(b'.'))
for number, line in enumerate(sys.stdin):
    s.send(bytes([0, number]) + bytes.fromhex('01000001000000000000') + name + bytes.fromhex('0000010001'))
    answer = s.recv(1000); print(answer[1] == number and answer[7] == 1, s.getpeername(), flush=True)
"""


def test_a_socket_that_asks_goes_on_asking_the_daemon_that_takes_over(daemon):
    agent = subprocess.Popen(
        daemon.run_command("reporter", "/usr/bin/python3", "-c", "import socket\n" + LONG_ASKER.replace("NAME", KNOWN)),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=daemon.environment())
    try:
        for again in range(3):
            agent.stdin.write("ask\n")
            agent.stdin.flush()
            assert agent.stdout.readline() == "True ('127.0.0.53', 53)\n", f"after {again} daemons"
            old = daemon.replace()
            assert old.wait(60) == 0
            wait_for("the query to be audited", lambda: len(daemon.queries(name=KNOWN, resolver="127.0.0.53:53")) > again)
    finally:
        agent.stdin.close()
        agent.wait(20)
    assert agent.returncode == 0

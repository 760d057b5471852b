# SPDX-License-Identifier: Apache-2.0
"""Unix sockets: a database behind one is read like over TCP; others are refused, however they are named."""
import ast
import contextlib
import json
import socket
import threading

import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for


class Servers:
    """Helpers outside of the run, as a host has them: each answers whoever comes with "secret"."""

    def __init__(self, directory):
        self.directory = directory
        self.open = []
        self.threads = []

    def stream(self, name):
        """`name`: a path, or an abstract name with its NUL."""
        server = socket.socket(socket.AF_UNIX)
        server.bind(name)
        server.listen()
        if not name.startswith("\0"):
            self._for_all(name)

        def serve():
            while True:
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer, contextlib.suppress(OSError):
                    peer.sendall(b"secret " + peer.recv(100))
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        self.threads.append(thread)
        self.open.append(server)
        return name

    def datagrams(self, name):
        server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        server.bind(name)
        server.settimeout(10)
        self._for_all(name)
        self.open.append(server)
        return server

    @staticmethod
    def _for_all(path):
        import os
        os.chmod(path, 0o777)

    def close(self):
        for server in self.open:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()
        for thread in self.threads:
            thread.join(10)


@pytest.fixture(scope="module")
def servers(place):
    directory = place.dir / "helpers"
    directory.mkdir()
    directory.chmod(0o755)
    servers = Servers(directory)
    for name in ("docker.sock", "opaque.sock", "canary.sock", "agent.ssh"):
        servers.stream(str(directory / name))
    servers.stream("\0" + str(directory / "dbus"))
    (directory / "link.sock").symlink_to(directory / "docker.sock")
    yield servers
    servers.close()


def socket_of(postgres):
    return f"{postgres.home}/.s.PGSQL.{postgres.port}"


@pytest.fixture(scope="module")
def daemon(place, postgres, servers):
    daemon = Daemon(place)
    log = servers.directory / "log"
    servers.log = servers.datagrams(str(log))
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    text = text.replace('address: ["127.0.0.1', f'address: ["unix:{socket_of(postgres)}", "127.0.0.1', 1)
    text = text.replace("agents:\n", f"""agents:
  logger: {{ launchers: {{ users: [root] }}, unix: deny, unix_direct: ["{log}"] }}
  sublogger: {{ launchers: {{ users: [root] }}, unix_builtin: none }}
  open: {{ launchers: {{ users: [root] }}, unix: any }}
""", 1)
    text = text.replace("rules:\n", f"""  opaque: {{ protocol: tcp, address: ["unix:{servers.directory}/opaque.sock"] }}
rules:
  - {{ name: unread, agents: [reporter], resources: [opaque], actions: [connect], verdict: allow }}
""", 1)
    daemon.policy(text)
    yield daemon.start()
    daemon.close()


def python(daemon, program, agent="reporter", **options):
    return daemon.run(agent, "/usr/bin/python3", "-c", "import socket, os, struct\n" + program, **options)


ASK = """
s = socket.socket(socket.AF_UNIX); s.settimeout(10)
try:
    s.connect({name!r}); s.sendall(b"hello"); print(s.recv(100).decode(), s.getpeername())
except OSError as error:
    print(type(error).__name__, error.errno)
"""


def ask(daemon, name, agent="reporter", **options):
    done = python(daemon, ASK.format(name=name), agent, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def psql(daemon, postgres, text, agent="reporter", **options):
    return daemon.run(agent, "psql", "-h", postgres.home, "-p", postgres.port, "-U", "alice", "-d", "shop", "-X", "-A", "-t",
                      "-c", text, **options)


def audit(daemon, destination):
    """Events are written down a moment after they happen."""
    def found():
        lines = (daemon.state_dir / "audit.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event.get("destination") == destination]
    return wait_for(f"an event of {destination}", found)


def test_a_database_behind_a_unix_socket_is_masked(daemon, postgres):
    done = psql(daemon, postgres, "SELECT id, name, email, ssn FROM customers ORDER BY id")
    assert done.stdout == "1|Ada|a***@example.com|[redacted]\n2|Bob|b***@example.com|[redacted]\n", done.stderr


def test_a_refusal_reaches_the_client_and_nothing_the_server(daemon, postgres):
    done = psql(daemon, postgres, "UPDATE customers SET balance = 0 /* over a unix socket */")
    assert "refused by policy rule \"never a whole table\"" in done.stderr
    assert "over a unix socket" not in postgres.log_text()


def test_a_hold_waits_and_is_approved(daemon, postgres):
    waiting = daemon.spawn("reporter", "psql", "-h", postgres.home, "-p", postgres.port, "-U", "alice", "-d", "shop", "-X",
                           "-c", "UPDATE orders SET item = 'stool' WHERE id = 2")
    ticket = daemon.ticket()
    daemon.sluice("approve", ticket["ticket"])
    out, error = waiting.communicate(timeout=30)
    assert "UPDATE 1" in out, error
    assert postgres.sql("SELECT item FROM orders WHERE id = 2", database="shop") == "stool"


def test_psycopg_sees_the_path_it_asked_for(daemon, postgres):
    done = daemon.run("reporter", "/usr/bin/python3", "-c", f"""
import os, psycopg2, socket
c = psycopg2.connect(host={str(postgres.home)!r}, port={postgres.port}, user="alice", dbname="shop")
q = c.cursor(); q.execute("SELECT ssn FROM customers WHERE id = 1"); print(q.fetchone()[0])
print(socket.socket(fileno=os.dup(c.fileno())).getpeername())
""")
    assert done.stdout.splitlines() == ["[redacted]", socket_of(postgres)], done.stderr


def test_the_path_is_in_listings_recordings_and_the_audit(daemon, postgres):
    client = daemon.spawn("reporter", "psql", "-h", postgres.home, "-p", postgres.port, "-U", "alice", "-d", "shop", "-X",
                          "-A", "-t")
    client.stdin.write("SELECT 'ready';\n")
    client.stdin.flush()
    assert client.stdout.readline() == "ready\n"
    flows = daemon.json("flows")["flows"]
    assert [flow["original_destination"] for flow in flows] == ["unix:" + socket_of(postgres)]
    client.stdin.close()
    client.wait(20)
    events = audit(daemon, "unix:" + socket_of(postgres))
    assert {event["event"] for event in events} == {"opened"} and all(event["run"] for event in events)
    shown = daemon.sluice("replay", flows[0]["session"]).stdout
    assert "connected to unix:" + socket_of(postgres) in shown


def test_what_no_resource_names_is_refused_however_it_is_named(daemon, servers):
    directory = servers.directory
    for name in (f"{directory}/docker.sock", f"{directory}/agent.ssh", f"{directory}/link.sock", f"{directory}//docker.sock",
                 f"/proc/self/root{directory}/docker.sock", "\0" + f"{directory}/dbus"):
        assert ask(daemon, name) == "PermissionError 13", name
    assert ask(daemon, "docker.sock", cwd=directory) == "PermissionError 13"
    events = audit(daemon, f"unix:{directory}/docker.sock")
    assert events[0]["event"] == "denied" and events[0]["reason"] == "unix_not_own"
    assert audit(daemon, f"unix:@{directory}/dbus")


def test_an_opaque_service_is_relayed_without_its_descriptors(daemon, servers):
    path = f"{servers.directory}/opaque.sock"
    assert ask(daemon, path) == f"secret hello {path}"


def test_datagrams_go_where_the_policy_lists_a_path(daemon, servers):
    send = f"""
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
try:
    s.sendto(b"a line", {str(servers.directory / 'log')!r}); print("sent")
except OSError as error:
    print(type(error).__name__)
"""
    assert python(daemon, send, "logger").stdout == "sent\n"
    assert servers.log.recv(100) == b"a line"
    assert python(daemon, send, "reporter").stdout == "PermissionError\n"


def test_the_built_in_list_can_be_dropped(daemon):
    """/dev/log is there or not on the host: with the list it is the kernel that says so."""
    connect = """
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    s.connect("/run/nscd/socket"); print("connected")
except OSError as error:
    print(type(error).__name__)
"""
    assert python(daemon, connect, "reporter").stdout in ("FileNotFoundError\n", "ConnectionRefusedError\n", "connected\n")
    assert python(daemon, connect, "sublogger").stdout == "PermissionError\n"


def test_any_other_is_let_go_where_the_policy_says_so(daemon, servers):
    assert ask(daemon, f"{servers.directory}/canary.sock", "open").startswith("secret hello")
    assert ask(daemon, "\0" + f"{servers.directory}/dbus", "open").startswith("secret hello")


def test_a_subagent_reaches_no_more_than_its_parent(daemon, postgres, servers):
    inside = [str(word) for word in daemon.run_command("open", "/usr/bin/python3", "-c",
                                                       "import socket\n" + ASK.format(name=f"{servers.directory}/canary.sock"))]
    done = daemon.run("logger", *inside)
    assert done.stdout.strip() == "PermissionError 13", done.stderr
    inside = [str(word) for word in daemon.run_command("open", "psql", "-h", postgres.home, "-p", postgres.port, "-U", "a",
                                                       "-d", "shop", "-c", "SELECT 1")]
    done = daemon.run("reporter", *inside)
    assert done.returncode != 0 and "Permission denied" in done.stderr


def test_a_pair_and_pipes_of_a_program_are_its_own(daemon):
    done = python(daemon, "a, b = socket.socketpair(); a.sendall(b'x'); print(b.recv(1))")
    assert done.stdout == "b'x'\n", done.stderr


def test_a_reload_is_in_force_at_once_and_never_opens(daemon, servers):
    text = (daemon.policy_dir / "policy.yaml").read_text()
    path = f"{servers.directory}/canary.sock"
    assert ask(daemon, path, "reporter") == "PermissionError 13"
    daemon.policy(text.replace("  reporter: {", f"  reporter: {{ unix_direct: [\"{path}\"],", 1))
    daemon.sluice("reload")
    assert ask(daemon, path, "reporter").startswith("secret hello")
    daemon.policy(text)
    daemon.sluice("reload")
    assert ask(daemon, path, "reporter") == "PermissionError 13"


def test_doctor_says_that_unix_sockets_are_judged(daemon):
    rows = {row["name"]: row for row in daemon.json("doctor")["checks"]}
    assert rows["unix_sockaddr"]["holds"]


MANY = """
print("ready", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    s = socket.socket(socket.AF_UNIX); s.settimeout(20)
    try:
        s.connect({name!r}); s.sendall(b"hello"); said = s.recv(100).decode()
    except OSError as error:
        said = type(error).__name__
    counts[said] = counts.get(said, 0) + 1
    s.close()
    time.sleep(0.002)
print(counts)
"""


def test_no_connection_fails_while_a_new_daemon_takes_over(daemon, servers):
    program = "import select, socket, sys, time\ncounts = {}\n" + MANY.format(name=f"{servers.directory}/opaque.sock")
    agents = [daemon.spawn("reporter", "/usr/bin/python3", "-c", program) for _ in range(4)]
    for agent in agents:
        assert agent.stdout.readline() == "ready\n"
    for _ in range(3):
        daemon.replace().wait(30)
    for agent in agents:
        out, error = agent.communicate("end\n", timeout=60)
        counts = ast.literal_eval(out)
        assert set(counts) == {"secret hello"} and counts["secret hello"] > 10, f"{counts} {error} {daemon.log_text()[-6000:]}"


def test_a_dead_daemon_lets_nothing_through(place, daemon, postgres, servers):
    before = daemon.spawn("open", "sh", "-c",
                          f"read line; exec psql -h {postgres.home} -p {postgres.port} -U a -d shop -c 'SELECT 1'")
    daemon.kill()
    out, error = before.communicate("go\n", timeout=30)
    assert before.returncode != 0 and out == "", error
    daemon.start()

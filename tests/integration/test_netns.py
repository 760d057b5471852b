# SPDX-License-Identifier: Apache-2.0
"""Agents in network namespaces of their own, as containers have them. The host is a network namespace of the test's own, too:
the daemon and PostgreSQL live in it, and PostgreSQL has an address there that is not loopback."""
import contextlib
import json
import os
import subprocess
import sys

import pytest

from support.daemon import Daemon
from support.network import NetworkNamespace
from support.places import wait_for
from support.postgres import Postgres

HOST, HOST6 = "192.0.2.1", "2001:db8::1"
NAME = "db.sluice.test"
POLICY = """\
version: 1
agents:
  boxed: {{ launchers: {{ users: [root] }} }}
  nobody: {{ launchers: {{ users: [root] }} }}
  service: {{ match: {{ cgroup: {cgroup} }} }}
resources:
  orders:
    protocol: postgres
    address: ["{host}:{port}", "[{host6}]:{port}", "127.0.0.1:{port}", "[::1]:{port}", "{name}:{port}"]
    upstream_tls: require
    login: {{ user: {login}, password_file: {secret} }}
    sensitive: [{{ column: public.customers.ssn, mask: redact }}]
rules:
  - {{ name: all, agents: [boxed, service], resources: [orders], actions: [read, session, transaction], verdict: allow }}
"""


@pytest.fixture(scope="module")
def host():
    with contextlib.closing(NetworkNamespace()) as host:
        host.ip("addr", "add", f"{HOST}/32", "dev", "lo")
        host.ip("addr", "add", f"{HOST6}/128", "dev", "lo")
        yield host


@pytest.fixture(scope="module")
def postgres(place, host):
    postgres = Postgres(place.dir, listen=f"127.0.0.1,::1,{HOST},{HOST6}", enter=host.words)
    yield postgres.start()
    postgres.stop()


@pytest.fixture(scope="module")
def daemon(place, postgres, host):
    hosts = place.dir / "hosts"
    hosts.write_text(f"127.0.0.1 localhost\n{HOST} {NAME}\n")
    daemon = Daemon(place, enter=[*host.words, "unshare", "--mount", "sh", "-c",
                                  f"mount --bind {hosts} /etc/hosts && exec \"$@\"", "sh"])
    daemon.policy(POLICY.format(cgroup=place.cgroup_path("service"), host=HOST, host6=HOST6, port=postgres.port, name=NAME,
                                login=postgres.login, secret=daemon.secret("orders", postgres.password)))
    yield daemon.start()
    daemon.close()


@pytest.fixture
def container():
    with contextlib.closing(NetworkNamespace()) as container:
        yield container


def spaces(daemon):
    return daemon.json("status")["counters"]["network_namespaces"]


def reasons(daemon, before=None):
    now = {name: count for name, count in daemon.json("status")["counters"].items() if name.startswith("kernel_")}
    return {name: count - before[name] for name, count in now.items()} if before else now


def target(postgres, host=HOST):
    return f"host={host} port={postgres.port} user=alice dbname=shop sslmode=require"


def psql(daemon, container, postgres, statement="SELECT id, ssn FROM customers ORDER BY id", host=HOST, agent="boxed"):
    """`sluice run` in the container, as an operator would with nsenter or ip netns exec."""
    return subprocess.run([*container.words, *daemon.run_command(agent, "psql", "-X", "-At", target(postgres, host), "-c", statement)],
                          capture_output=True, text=True, env=daemon.environment(), timeout=60)


def none_left(daemon):
    wait_for("the daemon to leave the namespaces", lambda: spaces(daemon) == 0)


def test_an_agent_in_a_container_reaches_its_database_at_once_and_masked(daemon, postgres, container):
    before = reasons(daemon)
    done = psql(daemon, container, postgres)
    assert [line.split("|")[0] for line in done.stdout.splitlines()] == ["1", "2"], done.stdout + done.stderr
    assert "078" not in done.stdout and "219" not in done.stdout
    assert reasons(daemon, before)["kernel_netns_without_listener"] == 0, "launched there, it is expected"
    assert psql(daemon, container, postgres, "SELECT 6", HOST6).stdout == "6\n"
    session = daemon.json("sessions")["sessions"][-2]["session"]
    assert "SELECT id, ssn FROM customers" in daemon.sluice("replay", session).stdout, "recorded like any other"
    none_left(daemon)


def test_loopback_in_a_container_is_never_the_hosts(daemon, postgres, container):
    before = reasons(daemon)
    for own in ("::1", "127.0.0.1"):
        done = psql(daemon, container, postgres, host=own)
        assert done.returncode != 0 and "Connection refused" in done.stderr, done.stderr
    assert reasons(daemon, before)["kernel_foreign_loopback"] == 2
    line = [json.loads(line) for line in (daemon.state_dir / "audit.jsonl").read_text().splitlines()][-1]
    assert (line["reason"], line["destination"]) == ("foreign_loopback", f"127.0.0.1:{postgres.port}")


def test_a_container_reaches_what_it_serves_to_itself(daemon, container):
    program = """
import socket
server = socket.create_server(("127.0.0.1", 0))
with socket.create_connection(server.getsockname(), 5) as client, server.accept()[0] as peer:
    peer.sendall(b"own")
    print(client.recv(10).decode())
"""
    done = subprocess.run([*container.words, *daemon.run_command("boxed", "/usr/bin/python3", "-c", program)],
                          capture_output=True, text=True, env=daemon.environment(), timeout=60)
    assert done.stdout == "own\n", done.stderr


def test_who_is_in_no_run_gets_nothing_from_the_listeners_in_a_container(daemon, container):
    agent = subprocess.Popen([*container.words, *daemon.run_command("boxed", "sleep", "infinity")], env=daemon.environment())
    try:
        wait_for("the listeners", lambda: spaces(daemon) == 1)
        listeners = [line.split()[3].rpartition(":") for line in container.run("ss", "-Hltn").stdout.splitlines()]
        assert [ip for ip, _, _ in sorted(listeners)] == 16 * ["127.0.0.1"] + 16 * ["[::1]"]
        done = container.run("/usr/bin/python3", "-c", """
import socket, sys
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5) as peer:
        peer.sendall(b"x")
        print(peer.recv(1) or "closed")
except ConnectionResetError:
    print("reset")
""", min(listeners)[2])
        assert done.stdout == "reset\n"
    finally:
        agent.kill()
        agent.wait()
    none_left(daemon)


def test_what_a_container_may_not_reach_is_refused(daemon, postgres, container):
    done = psql(daemon, container, postgres, agent="nobody")
    assert done.returncode != 0 and done.stdout == ""


CONNECT = """
import socket, sys, time
host, port, tries = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
said = []
for _ in range(tries):
    try:
        with socket.create_connection((host, port), 5):
            said.append("ok")
    except OSError as error:
        said.append(error.strerror or str(error))
    if said[-1] == "ok":
        break
    time.sleep(0.05)
print(said[0], "...", said[-1])
"""


@pytest.mark.parametrize("unshare", ["root", "user"])
def test_a_container_that_a_run_makes_later_is_refused_until_it_is_known(daemon, postgres, unshare):
    words = {"root": ["unshare", "--net"],
             "user": ["setpriv", "--reuid=games", "--regid=games", "--clear-groups", "unshare", "--map-root-user", "--net"]}[unshare]
    script = "ip link set lo up && exec /usr/bin/python3 -c \"$0\" \"$@\""
    agent = daemon.place.cgroup / "service"
    agent.mkdir(exist_ok=True)
    wait_for("the cgroup to be enrolled", lambda: daemon.json("status")["runs_living"] == 1)
    before = reasons(daemon)
    done = subprocess.run([*words, "sh", "-c", script, CONNECT, HOST, str(postgres.port), "200"],
                          capture_output=True, text=True, timeout=60,
                          preexec_fn=lambda: (agent / "cgroup.procs").write_text(str(os.getpid())))
    assert done.stdout.endswith("... ok\n"), done.stdout + done.stderr + daemon.log_text()[-2000:]
    refused = done.stdout.startswith("Connection refused")
    assert refused or done.stdout.startswith("ok"), "until it is known nothing passes"
    assert bool(reasons(daemon, before)["kernel_netns_without_listener"]) == refused
    none_left(daemon)


class Container:
    """Of the runtime that Docker and Podman use: the host's files, a network of its own with lo alone, what the runtime takes
    from a container by default, and the cgroup that the policy names."""

    def __init__(self, place, cgroup, *command):
        self.bundle = place.dir / "bundle"
        (self.bundle / "rootfs").mkdir(parents=True)
        subprocess.run(["runc", "spec", "--bundle", self.bundle], check=True)
        file = self.bundle / "config.json"
        spec = json.loads(file.read_text())
        spec["root"] = {"path": "rootfs", "readonly": True}
        spec["process"].update(terminal=False, args=[str(word) for word in command], rlimits=[])
        spec["process"]["env"].append("PGPASSWORD=made-up")
        spec["mounts"] = [mount for mount in spec["mounts"] if mount["type"] != "cgroup"]
        spec["linux"]["cgroupsPath"] = cgroup
        file.write_text(json.dumps(spec))
        self.words = ["unshare", "--mount", "sh", "-c", "mount --bind / \"$1/rootfs\" && exec runc --root \"$1/state\" run \"$2\"",
                      "sh", self.bundle, place.dir.name]

    def run(self):
        return subprocess.run(self.words, cwd=self.bundle, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)


def test_a_container_of_a_real_runtime_reaches_only_what_its_policy_names(daemon, postgres, place):
    script = """
for try in $(seq 100); do  # the first may come before its network is known
    psql -X -At "$1" -c 'SELECT id, ssn FROM customers ORDER BY id' && break
    sleep 0.05
done
psql -X -At "$1" -c "UPDATE customers SET ssn = 'x'"
psql -X -At "host=198.51.100.7 port=5432" -c 'SELECT 1'
"""
    done = Container(place, place.cgroup_path("service"), "sh", "-c", script, "sh", target(postgres)).run()
    lines = done.stdout.splitlines()
    assert [line.split("|")[0] for line in lines] == ["1", "2"], done.stdout + done.stderr + daemon.log_text()[-2000:]
    assert "078" not in done.stdout and "219" not in done.stdout
    assert "no rule allows agent 'service' to update" in done.stderr
    assert done.returncode != 0 and '"198.51.100.7", port 5432 failed' in done.stderr
    none_left(daemon)


def test_a_namespace_dies_with_its_container(daemon, postgres, host):
    container = NetworkNamespace()
    # One end in the host: it goes when the other one's namespace goes.
    host.ip("link", "add", "name", "inside", "type", "veth", "peer", "name", "outside")
    host.ip("link", "set", "inside", "netns", f"/proc/{container.process.pid}/ns/net")
    assert psql(daemon, container, postgres).returncode == 0
    agent = subprocess.Popen([*container.words, *daemon.run_command("boxed", "sleep", "infinity")], env=daemon.environment())
    try:
        wait_for("the listeners", lambda: spaces(daemon) == 1)
        container.close()
        assert "outside" in host.ip("link"), "the agent is still in it"
    finally:
        agent.kill()
        agent.wait()
    none_left(daemon)
    wait_for("the namespace to go", lambda: "outside" not in host.ip("link"))


def test_names_resolve_in_a_container(daemon, container):
    before = reasons(daemon)
    for server in ("127.0.0.11", "192.0.2.53", "::1", "2001:db8::53"):
        done = subprocess.run([*container.words, *daemon.run_command("boxed", "dig", "+short", "+tries=1", "+timeout=5",
                                                                     f"@{server}", NAME)],
                              capture_output=True, text=True, env=daemon.environment(), timeout=60)
        assert done.stdout == HOST + "\n", done.stdout + done.stderr
    assert reasons(daemon, before)["kernel_dns_steered"] == 4


def test_a_namespace_without_loopback_is_refused_until_it_has_it(daemon, postgres):
    with contextlib.closing(NetworkNamespace(lo=False)) as bare:
        done = psql(daemon, bare, postgres)
        assert done.returncode != 0 and done.stdout == ""
        assert daemon.process.poll() is None and daemon.json("status")["pid"]
        bare.ip("link", "set", "lo", "up")
        assert psql(daemon, bare, postgres, "SELECT 1").stdout == "1\n"


def test_too_many_namespaces_of_one_run_are_refused_and_it_is_said(daemon, postgres):
    script = """
import subprocess, sys
boxes = [subprocess.Popen(["unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity"],
                          stdout=subprocess.PIPE, text=True) for _ in range(18)]
for box in boxes:
    assert box.stdout.readline() == "up\\n"
print("up", flush=True)
sys.stdin.read()
for box in boxes:
    box.kill()
"""
    agent_cgroup = daemon.place.cgroup / "service"
    agent_cgroup.mkdir(exist_ok=True)
    agent = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                             preexec_fn=lambda: (agent_cgroup / "cgroup.procs").write_text(str(os.getpid())))
    try:
        assert agent.stdout.readline() == "up\n"
        wait_for("the listeners", lambda: spaces(daemon) == 16)
        wait_for("the log", lambda: "more than 16 network namespaces" in daemon.log_text())
        assert spaces(daemon) == 16
    finally:
        agent.communicate("", timeout=30)
    none_left(daemon)


LOOP = """
import socket, sys, threading, time
host, port = sys.argv[1], int(sys.argv[2])
query = b"\\x12\\x34\\x01\\0\\0\\x01\\0\\0\\0\\0\\0\\0\\x02db\\x06sluice\\x04test\\0\\0\\x01\\0\\x01"
failures, tried = [], 0
print("begun", flush=True)
stop = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
while not stop.is_set():
    tried += 1
    try:
        with socket.create_connection((host, port), 10) as peer:
            peer.sendall(b"\\0\\0\\0\\x08\\x04\\xd2\\x16\\x2f")  # SSLRequest
            if peer.recv(1) not in (b"S", b"N"):
                failures.append("no answer")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(4)  # less than a client's own patience before it asks again
            asking.connect(("192.0.2.53", 53))
            asking.send(query)
            if socket.inet_aton(host) not in asking.recv(512):
                failures.append("no address")
    except OSError as error:
        failures.append(repr(error))
    time.sleep(0.01)
print(tried, *failures[:5], sep="\\n")
"""


def test_a_hand_over_leaves_no_gap_for_containers(daemon, postgres, container):
    agent = subprocess.Popen([*container.words, *daemon.run_command("boxed", "/usr/bin/python3", "-c", LOOP, HOST, postgres.port)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=daemon.environment())
    assert agent.stdout.readline() == "begun\n"
    for _ in range(2):
        old = daemon.replace()
        assert spaces(daemon) == 1
        assert old.wait(60) == 0
        assert psql(daemon, container, postgres, "SELECT 1").stdout == "1\n"
    out, _ = agent.communicate("", timeout=60)
    tried, *failures = out.split("\n")
    assert failures == [""], failures
    assert int(tried) > 0
    none_left(daemon)


def test_a_hand_over_that_fails_leaves_containers_with_the_old_daemon(daemon, postgres, container):
    """The new one took the listeners over, and then found its mask key readable by everybody."""
    agent = subprocess.Popen([*container.words, *daemon.run_command("boxed", "/usr/bin/python3", "-c", LOOP, HOST, postgres.port)],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=daemon.environment())
    assert agent.stdout.readline() == "begun\n"
    key = daemon.state_dir / "keys" / "mask.key"
    key.chmod(0o644)
    try:
        with pytest.raises(RuntimeError, match="mask.key"):
            daemon.replace()
    finally:
        key.chmod(0o600)
    wait_for("the old daemon to resume", lambda: "this one goes on" in daemon.log_text())
    assert spaces(daemon) == 1
    assert psql(daemon, container, postgres, "SELECT 'resumed'").stdout == "resumed\n"
    out, _ = agent.communicate("", timeout=60)
    assert out.split("\n")[1:] == [""], out
    none_left(daemon)


def test_after_a_crash_containers_work_again_with_the_next_daemon(daemon, postgres, container):
    agent = subprocess.Popen([*container.words, *daemon.run_command("boxed", "/usr/bin/python3", "-c", """
import sys, subprocess
for line in sys.stdin:
    done = subprocess.run(["psql", "-X", "-At", sys.argv[1], "-c", line], capture_output=True, text=True)
    print(done.stdout.strip() or "refused", flush=True)
""", target(postgres))], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=daemon.environment())

    def ask(statement):
        agent.stdin.write(statement + "\n")
        agent.stdin.flush()
        return agent.stdout.readline().strip()
    assert ask("SELECT 'before'") == "before"
    daemon.kill()
    assert ask("SELECT 'between'") == "refused"
    daemon.start()
    assert ask("SELECT 'after'") == "after", daemon.log_text()[-2000:]
    agent.communicate("", timeout=30)
    none_left(daemon)

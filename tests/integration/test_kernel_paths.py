# SPDX-License-Identifier: Apache-2.0
"""What the kernel answers alone: nothing but the TCP that the policy knows leaves a run."""
import contextlib
import json
import os
import pathlib
import socket
import subprocess
import threading

import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import free_port, wait_for


@pytest.fixture(scope="module")
def echo():
    """A TCP service that is passed unread, and a UDP one that answers on loopback."""
    tcp = socket.create_server(("127.0.0.1", 0))
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))

    def answer(peer):
        with peer, contextlib.suppress(ConnectionError):  # a revoked run's are reset
            peer.sendall(peer.recv(100))

    def serve_tcp():
        while True:
            try:
                peer, _ = tcp.accept()
            except OSError:
                return
            # One that a test leaves open keeps no other test waiting.
            threading.Thread(target=answer, args=(peer,), daemon=True).start()

    def serve_udp():
        while True:
            data, sender = udp.recvfrom(100)
            if data == b"end":
                return
            udp.sendto(data, sender)
    threads = [threading.Thread(target=serve, daemon=True) for serve in (serve_tcp, serve_udp)]
    for thread in threads:
        thread.start()
    yield tcp.getsockname()[1], udp.getsockname()[1]
    tcp.shutdown(socket.SHUT_RDWR)
    udp.sendto(b"end", udp.getsockname())
    for thread in threads:
        thread.join()
    tcp.close()
    udp.close()


@pytest.fixture(scope="module")
def daemon(place, postgres, echo):
    daemon = Daemon(place)
    (place.cgroup / "service").mkdir()
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    text = text.replace("agents:\n", f"agents:\n  service: {{ match: {{ cgroup: {place.cgroup_path('service')} }} }}\n", 1)
    text = text.replace("rules:\n", f"""  opaque: {{ protocol: tcp, address: ["127.0.0.1:{echo[0]}"] }}
  names: {{ protocol: dns, address: ["127.0.0.1:{echo[1]}"] }}
rules:
  - {{ name: unread, agents: [reporter], resources: [opaque, names], actions: [connect], verdict: allow }}
""", 1)
    daemon.policy(text)
    yield daemon.start()
    daemon.close()


def python(daemon, program, agent="reporter"):
    return daemon.run(agent, "/usr/bin/python3", "-c", "import socket\n" + program)


def counters(daemon):
    return daemon.json("status")["counters"]


UDP = "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(10); s.sendto(b'hi', ('127.0.0.1', {port}))"


def test_udp_that_no_rule_names_is_refused_and_counted(daemon):
    before = counters(daemon)["kernel_udp_no_entry"]
    done = python(daemon, UDP.format(port=free_port()))
    assert done.returncode != 0 and "PermissionError" in done.stderr
    assert counters(daemon)["kernel_udp_no_entry"] > before


def test_a_loopback_resolver_with_a_rule_answers(daemon, echo):
    done = python(daemon, UDP.format(port=echo[1]) + "; print(s.recv(100).decode())")
    assert done.stdout == "hi\n", done.stderr


RAW = "import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)"


def test_the_launcher_leaves_a_run_no_raw_socket(daemon):
    done = python(daemon, RAW)
    assert done.returncode != 0 and "Protocol not supported" in done.stderr


def test_the_kernel_refuses_a_raw_socket_where_no_launcher_was_and_counts_it(daemon, place):
    """An enrolled cgroup: root, with every capability, and no filter of `sluice run`."""
    before = counters(daemon)["kernel_socket_raw"]
    done = subprocess.run(["/usr/bin/python3", "-c", RAW], capture_output=True, text=True, timeout=60,
                          preexec_fn=lambda: (place.cgroup / "service" / "cgroup.procs").write_text(str(os.getpid())))
    assert done.returncode != 0 and "PermissionError" in done.stderr
    assert counters(daemon)["kernel_socket_raw"] == before + 1


def test_tcp_that_a_rule_allows_passes_without_the_daemon(daemon, echo):
    program = f"s = socket.create_connection(('127.0.0.1', {echo[0]})); s.sendall(b'hi'); print(s.recv(100).decode())"
    done = python(daemon, program)
    assert done.stdout == "hi\n", done.stderr


def test_status_says_how_often_each_rule_decided_in_the_kernel(daemon, echo):
    def hits():
        return daemon.json("status")["rule_hits"]
    before = hits()
    assert before["reporter reads"] == 0, "that rule judges statements"
    python(daemon, f"for _ in range(7): socket.create_connection(('127.0.0.1', {echo[0]}))")
    assert hits()["unread"] == before["unread"] + 7
    daemon.sluice("reload")
    assert hits()["unread"] == before["unread"] + 7, "a reload takes nothing back"
    shown = [line.split() for line in daemon.sluice("status").stdout.splitlines()]
    assert ["unread", str(before["unread"] + 7)] in shown
    assert ["reporter", "reads", "0"] not in shown


HOLDS = """
import select, socket
tcp = socket.create_connection(('127.0.0.1', {tcp}))
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.connect(('127.0.0.1', {udp}))
below = socket.create_connection(('127.0.0.1', {tcp}))
print('open', flush=True)
input()
for name, held in (('tcp', tcp), ('udp', udp), ('again', below)):
    try:
        held.send(b'hi')
        print(name, held.recv(100))
    except OSError as error:
        print(name, error.errno, flush=True)
try:
    socket.create_connection(('127.0.0.1', {tcp}))
    print('new connected')
except OSError as error:
    print('new', error.errno)
"""


def test_open_direct_sockets_are_dead_when_revoke_returns(daemon, echo):
    """They never meet the daemon; those of a run below are cut too."""
    agent = daemon.spawn("reporter", *daemon.run_command("reporter", "/usr/bin/python3", "-c",
                                                         HOLDS.format(tcp=echo[0], udp=echo[1])))
    assert agent.stdout.readline() == "open\n", agent.stderr.read()
    # By their cgroups: a run of the test before may still be listed.
    cgroup = pathlib.Path(f"/proc/{agent.pid}/cgroup").read_text().splitlines()[-1].removeprefix("0::")
    runs = {run["cgroup_path"]: run for row in daemon.json("agents")["agents"] for run in row["runs"]}
    outer = runs[cgroup.rpartition("/")[0]]
    assert runs[cgroup]["parent"] == outer["id"] and not outer["parent"]
    daemon.sluice("revoke", outer["id"])
    out, err = agent.communicate("go\n", timeout=30)
    dead = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert set(dead) == {"tcp", "udp", "again", "new"}, out + err
    for name in ("tcp", "udp", "again"):
        assert dead[name][0] in ("1", "32", "89", "103", "104"), f"{name}: {dead[name]}"  # EPERM, EPIPE, EDESTADDRREQ, ECONNABORTED, ECONNRESET
    assert dead["new"] == ["1"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_what_is_no_resource_cannot_be_connected_to(daemon, host):
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as server:
        server.settimeout(0)
        program = f"s = socket.create_connection(('{host}', {server.getsockname()[1]}), 10); print(s.recv(10))"
        done = python(daemon, program)
        assert done.returncode != 0 and "Error" in done.stderr
        with pytest.raises(BlockingIOError):
            server.accept()


def test_the_audit_has_a_line_for_each_connection(daemon, echo):
    program = f"import os; s = socket.create_connection(('127.0.0.1', {echo[0]})); s.sendall(b'12345'); s.recv(9); print(os.getpid())"
    pid = int(python(daemon, program).stdout)
    audit = daemon.state_dir / "audit.jsonl"

    def lines():
        rows = [json.loads(line) for line in audit.read_text().splitlines()]
        mine = [row for row in rows if row.get("pid") == pid]
        return mine if any(row["event"] == "closed" for row in mine) else None
    rows = wait_for("the close to be audited", lines)
    closed = next(row for row in rows if row["event"] == "closed")
    assert closed["bytes_sent"] == 5 and closed["bytes_received"] == 5
    assert all(row["lineage"] == ["reporter"] and row["run"] for row in rows)
    assert [row["verdict"] for row in rows if row["event"] == "direct"] == ["direct"]


OWN_SERVER = """
import os, socket, sys
server = socket.create_server(("127.0.0.1", 0))
if os.fork() == 0:
    with socket.create_connection(server.getsockname(), timeout=20) as s:
        sys.stdout.write(s.recv(64).decode())
        sys.stdout.flush()
    os._exit(0)
peer, _ = server.accept()
peer.sendall(b"from my own server")
peer.close()
os.wait()
"""


def test_a_run_talks_to_its_own_server_without_a_rule_and_it_is_audited(daemon):
    done = daemon.run("reporter", "/usr/bin/python3", "-SIc", OWN_SERVER)
    assert done.stdout == "from my own server", done.stderr
    def audited():
        lines = [json.loads(line) for line in (daemon.state_dir / "audit.jsonl").read_text().splitlines()]
        return [line for line in lines if line.get("reason") == "own_run" and line["event"] == "direct"]
    assert wait_for("the audit line", audited)[-1]["lineage"] == ["reporter"]


LISTEN = """
import socket, sys
server = socket.create_server(("0.0.0.0", 0))
print(server.getsockname()[1], flush=True)
sys.stdin.read()
"""


def test_nobody_outside_connects_to_a_run(daemon):
    agent = daemon.spawn("reporter", "/usr/bin/python3", "-SIc", LISTEN)
    port = int(agent.stdout.readline())
    with pytest.raises(TimeoutError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
    wait_for("the kernel's count of it", lambda: daemon.json("status")["counters"]["kernel_inbound_foreign"] >= 1)
    agent.communicate("", timeout=20)

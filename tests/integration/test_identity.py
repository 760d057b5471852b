# SPDX-License-Identifier: Apache-2.0
"""Who a run is, what it may not do for all that it says, and what a child may not do because its parent may not."""
import json
import os
import socket
import subprocess
import threading

import pytest

from support.daemon import BUILD, Daemon
from support.places import pids_in, wait_for

POLICY = """\
version: 1
agents:
  parent: {{ launchers: {{ users: [root] }} }}
  child: {{ launchers: {{ users: [root, daemon] }} }}
  service: {{ match: {{ cgroup: {service} }} }}
  late: {{ match: {{ cgroup: {late} }} }}
  fast: {{ match: {{ cgroup: {fast} }} }}
resources:
  orders:
    protocol: postgres
    address: ["127.0.0.1:{port}"]
    upstream_tls: disable
    login: {{ user: {login}, password_file: {secret} }}
rules:
  - {{ name: parent reads, agents: [parent], resources: [orders], actions: [read], verdict: allow }}
  - {{ name: child does all, agents: [child, service, late, fast], resources: [orders], actions: any, verdict: allow }}
"""


@pytest.fixture(scope="module")
def daemon(place, postgres):
    daemon = Daemon(place)
    (place.cgroup / "service").mkdir()
    daemon.policy(POLICY.format(port=postgres.port, login=postgres.login, secret=daemon.secret("orders", postgres.password),
                                service=place.cgroup_path("service"), late=place.cgroup_path("late"),
                                fast=place.cgroup_path("fast")))
    yield daemon.start()
    daemon.close()


def psql(target, statement):
    return ["psql", "-X", "-At", target, "-c", statement]


def inside(cgroup, *command, daemon):
    """Starts a command in a cgroup, as systemd or a container runtime would, without `sluice run`."""
    def enter():
        (cgroup / "cgroup.procs").write_text(str(os.getpid()))
    return subprocess.run([str(part) for part in command], preexec_fn=enter, capture_output=True, text=True,
                          env=daemon.environment(), timeout=60)


WRITE = "INSERT INTO notes VALUES (700, 'by a child')"


def test_a_child_is_refused_what_its_parent_may_not_do(daemon, postgres, target):
    alone = daemon.run("child", *psql(target, WRITE.replace("700", "701")))
    assert alone.returncode == 0, alone.stderr
    nested = daemon.run("parent", *daemon.run_command("child", *psql(target, WRITE)))
    assert nested.returncode != 0 and "42501" not in nested.stdout
    assert "no policy rule allows" in nested.stderr and "'parent'" in nested.stderr
    assert postgres.sql("SELECT count(*) FROM notes WHERE id = 700", database="shop") == "0"
    reads = daemon.run("parent", *daemon.run_command("child", *psql(target, "SELECT 1")))
    assert reads.stdout == "1\n", reads.stderr


def test_the_lineage_is_recorded(daemon, target):
    daemon.run("parent", *daemon.run_command("child", *psql(target, "SELECT 'lineage'")), check=True)
    last = daemon.json("sessions")["sessions"][-1]
    assert "parent" in daemon.sluice("replay", last["session"], "--format", "json").stdout


@pytest.mark.parametrize("command", [["approve", "aaaaaaaa"], ["deny", "aaaaaaaa", "--reason", "x"], ["revoke", "parent"],
                                     ["flows"]])
def test_a_caller_inside_a_run_may_not(daemon, command):
    """Not even as root; a listing shows nothing of others."""
    done = daemon.run("parent", BUILD / "sluice", *command)
    if command[0] == "flows":
        assert "ses-" not in done.stdout
    else:
        assert done.returncode != 0 and "inside a run" in done.stderr


def test_only_launchers_may_start_an_agent(daemon):
    done = daemon.sluice("run", "--agent", "parent", "--", "true", user="daemon", check=False)
    assert done.returncode != 0 and "parent" in done.stderr
    assert daemon.sluice("run", "--agent", "child", "--", "true", user="daemon").returncode == 0


def test_nobody_may_speak_for_somebody_else_unless_the_policy_says_so(daemon):
    done = daemon.sluice("run", "--agent", "child", "--on-behalf-of", "nobody", "--", "true", check=False)
    assert done.returncode != 0 and "nobody" in done.stderr


def test_a_cgroup_that_the_policy_matches_is_enrolled_at_start(daemon, place, target):
    done = inside(place.cgroup / "service", *psql(target, "SELECT current_user"), daemon=daemon)
    assert done.stdout.strip() == "sluice_orders", done.stderr


def test_a_cgroup_that_appears_later_is_enrolled(daemon, place, target):
    cgroup = place.cgroup / "late"
    cgroup.mkdir()
    def enrolled():
        agents = {agent["name"]: agent for agent in daemon.json("agents")["agents"]}
        return agents["late"]["runs"]
    wait_for("the cgroup to be enrolled", enrolled)
    done = inside(cgroup, *psql(target, "SELECT current_user"), daemon=daemon)
    assert done.stdout.strip() == "sluice_orders", done.stderr


CONNECTOR = """
import socket, sys
try:
    with socket.create_connection(("127.0.0.1", int(sys.argv[1])), timeout=10) as s:
        s.settimeout(10)
        said = s.recv(64)
        print("open" if said == b"the server itself" else "steered")
except ConnectionResetError:
    print("steered")
except OSError as error:
    print(type(error).__name__)
"""


@pytest.fixture
def server():
    """Says what it is to whoever gets through to it."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        def serve():
            while True:
                try:
                    peer, _ = listening.accept()
                except OSError:
                    return
                with peer:
                    peer.sendall(b"the server itself")
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def remove(cgroup):
    wait_for("the cgroup to be empty", lambda: not pids_in(cgroup))
    cgroup.rmdir()


def test_no_first_connect_of_a_matched_cgroup_is_ever_open(daemon, place, server):
    """The cgroup is made, the process is born in it, and connects at once: a hundred times, each cgroup a new one."""
    wait_for("the earlier cgroup to go", lambda: not (place.cgroup / "fast").exists())
    seen = set()
    for _ in range(100):
        cgroup = place.cgroup / "fast"
        cgroup.mkdir()
        seen.add(inside(cgroup, "/usr/bin/python3", "-SIc", CONNECTOR, server, daemon=daemon).stdout.strip())
        remove(cgroup)
    assert seen <= {"steered", "PermissionError"}, seen  # the second: the kernel was told to answer alone


def test_a_matched_cgroup_that_starts_while_the_daemon_is_dead_is_refused(daemon, place, server, target):
    daemon.kill()
    cgroup = place.cgroup / "fast"
    cgroup.mkdir()
    try:
        try:
            for _ in range(5):
                done = inside(cgroup, "/usr/bin/python3", "-SIc", CONNECTOR, server, daemon=daemon)
                assert done.stdout.strip() in ("ConnectionRefusedError", "PermissionError"), done.stdout + done.stderr
        finally:
            daemon.start()
        done = inside(cgroup, *psql(target, "SELECT current_user"), daemon=daemon)
        assert done.stdout.strip() == "sluice_orders", done.stderr
    finally:
        remove(cgroup)


def test_no_first_connect_is_open_while_a_new_daemon_takes_over(daemon, place, server):
    seen, over = set(), threading.Event()
    cgroup = place.cgroup / "fast"

    def born_again():
        while not over.is_set():
            cgroup.mkdir()
            seen.add(inside(cgroup, "/usr/bin/python3", "-SIc", CONNECTOR, server, daemon=daemon).stdout.strip())
            remove(cgroup)
    thread = threading.Thread(target=born_again)
    thread.start()
    try:
        for _ in range(3):
            daemon.replace().wait(30)
    finally:
        over.set()
        thread.join(60)
    assert seen and seen <= {"steered", "PermissionError"}, seen


def test_a_matched_cgroup_that_comes_and_goes_stops_no_daemon(daemon, place, target):
    """It can be gone at each step of a start, of a reload and of a hand-over that looks at it."""
    cgroup, over, born = place.cgroup / "fast", threading.Event(), 0

    def come_and_go():
        nonlocal born
        while not over.is_set():
            cgroup.mkdir()
            born += 1
            over.wait(0.002)
            cgroup.rmdir()
    thread = threading.Thread(target=come_and_go)
    thread.start()
    try:
        for _ in range(4):
            daemon.replace().wait(30)
            for _ in range(5):
                daemon.sluice("reload")
        daemon.stop()
        daemon.start()
    finally:
        over.set()
        thread.join(60)
    assert born > 100 and "enrolment:" not in daemon.log_text(), daemon.log_text()[-3000:]
    assert daemon.run("child", *psql(target, "SELECT 7"), check=True).stdout == "7\n"


def test_a_reload_brings_a_match_into_force_and_takes_it_out(daemon, place, server):
    policy = daemon.policy_dir / "policy.yaml"
    before = policy.read_text()
    cgroup = place.cgroup / "added"
    def try_once():
        cgroup.mkdir()
        said = inside(cgroup, "/usr/bin/python3", "-SIc", CONNECTOR, server, daemon=daemon).stdout.strip()
        remove(cgroup)
        return said
    assert try_once() == "open"
    added = before.replace("resources:", f"  added: {{ match: {{ cgroup: {place.cgroup_path('added')} }} }}\nresources:", 1)
    try:
        policy.write_text(added)
        daemon.sluice("reload")
        assert try_once() == "steered"
    finally:
        policy.write_text(before)
        daemon.sluice("reload")
    assert try_once() == "open"


HOLDER = """
import socket, sys, time
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as s:
    print("connected", flush=True)
    s.settimeout(20)
    try:
        while s.recv(64): pass
        print("closed")
    except OSError as error:
        print(type(error).__name__)
"""


@pytest.mark.parametrize("what, ends", [("kill", True), ("keep", False)])
def test_open_connections_of_processes_that_run_already_are_listed_and_ended_as_the_policy_says(daemon, place, what, ends):
    policy = daemon.policy_dir / "policy.yaml"
    before = policy.read_text()
    cgroup = place.cgroup / f"open-{what}"
    cgroup.mkdir()
    key = "" if what == "kill" else ", open_connections: keep"  # killed where the policy is silent
    match = f"  {what}er: {{ match: {{ cgroup: {place.cgroup_path(f'open-{what}')}{key} }} }}\n"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        holder = subprocess.Popen(["/usr/bin/python3", "-SIc", HOLDER, str(port)], text=True, stdout=subprocess.PIPE,
                                  preexec_fn=lambda: (cgroup / "cgroup.procs").write_text(str(os.getpid())))
        peer, local = server.accept()
        try:
            assert holder.stdout.readline() == "connected\n"
            policy.write_text(before.replace("resources:", match + "resources:", 1))
            daemon.sluice("reload")
            def found():
                lines = [json.loads(line) for line in (daemon.state_dir / "audit.jsonl").read_text().splitlines()]
                return [line for line in lines if line["event"] == "found_open" and line["lineage"] == [f"{what}er"]]
            line = wait_for("the audit line", found)[0]
            assert line["destination"] == f"127.0.0.1:{port}" and line["pid"] == holder.pid and line["ip_protocol"] == 6
            assert line["local"] == f"{local[0]}:{local[1]}"
            assert line["outcome"] == ("killed" if ends else "kept")
            if not ends:
                peer.close()
            said = holder.communicate(timeout=30)[0].strip()
            assert said == ("ConnectionAbortedError" if ends else "closed")
        finally:
            peer.close()
            holder.kill()
            holder.communicate()
            policy.write_text(before)
            daemon.sluice("reload")
            remove(cgroup)


def test_a_process_outside_any_run_is_not_touched(daemon, postgres):
    done = subprocess.run(["psql", "-X", "-At", f"host=127.0.0.1 port={postgres.port} user={postgres.login} dbname=shop",
                           "-c", "SELECT current_user"], capture_output=True, text=True,
                          env={**os.environ, "PGPASSWORD": postgres.password})
    assert done.stdout.strip() == postgres.login, done.stderr
    wrong = subprocess.run(["psql", "-X", f"host=127.0.0.1 port={postgres.port} user=alice dbname=shop", "-c", "SELECT 1"],
                           capture_output=True, text=True, env=daemon.environment())
    assert wrong.returncode != 0


def test_a_process_in_the_daemons_cgroup_root_but_in_no_run_is_not_touched(daemon, place, postgres):
    bystander = place.cgroup / "bystander"
    bystander.mkdir()
    done = inside(bystander, "psql", "-X", f"host=127.0.0.1 port={postgres.port} user=alice dbname=shop", "-c", "SELECT 1",
                  daemon=daemon)
    assert done.returncode != 0 and "alice" in done.stderr


def test_revoke_cuts_what_is_open_and_refuses_what_is_new(daemon, target):
    agent = daemon.spawn("child", "sh", "-c", 'psql -X "$1"; psql -X "$1" -c "SELECT 1"', "sh", target)
    agent.stdin.write("SELECT 'connected';\n")
    agent.stdin.flush()
    flow = wait_for("the flow", lambda: [flow for flow in daemon.json("flows")["flows"] if flow["statements"]])[0]
    daemon.sluice("revoke", flow["run"])
    out, err = agent.communicate("SELECT 'after revocation';\n", timeout=30)
    assert "connected" in out and "after revocation" not in out
    assert agent.returncode != 0 and "Operation not permitted" in err


def test_a_run_that_ended_leaves_no_cgroup(daemon, place):
    daemon.run("child", "true", check=True)
    wait_for("the run's cgroup to go", lambda: not list((place.cgroup / "sluice").glob("run-*")))
    assert daemon.json("status")["runs_living"] <= 2  # the two enrolled ones


def test_an_agent_keeps_no_descriptor_and_no_privilege(daemon):
    program = "import os; print(sorted(int(f) for f in os.listdir('/proc/self/fd'))[-1]); print(open('/proc/self/status').read())"
    with open("/etc/hostname") as extra:
        os.set_inheritable(extra.fileno(), True)
        done = daemon.run("child", "/usr/bin/python3", "-c", program, check=True, close_fds=False)
    assert int(done.stdout.splitlines()[0]) <= 3
    assert "NoNewPrivs:\t1" in done.stdout and "Seccomp:\t2" in done.stdout

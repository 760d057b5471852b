# SPDX-License-Identifier: Apache-2.0
"""A new daemon takes over from a living one (`sluiced --replace`): no connection fails, none is cut before its time, none
passes unseen. SLUICE_UPGRADES (default 3), SLUICE_CONNECTS (per second, default 60) and SLUICE_SESSIONS (default 12) make it
harder."""
import os
import re
import socket
import subprocess
import threading
import time

import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for

UPGRADES = int(os.environ.get("SLUICE_UPGRADES", "3"))
CONNECTS = int(os.environ.get("SLUICE_CONNECTS", "60"))
SESSIONS = int(os.environ.get("SLUICE_SESSIONS", "12"))
CLIENTS = os.path.join(os.path.dirname(__file__), "clients")


@pytest.fixture(scope="module")
def echo():
    """A service outside any run that counts who came."""
    server = socket.create_server(("127.0.0.1", 0), backlog=1024)
    met = []

    def one(peer):
        with peer:
            try:
                peer.sendall(peer.recv(100))
                peer.recv(1)
            except OSError:
                pass

    def serve():
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            met.append(1)
            threading.Thread(target=one, args=(peer,), daemon=True).start()
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], met
    server.shutdown(socket.SHUT_RDWR)
    thread.join()
    server.close()


@pytest.fixture
def daemon(place, postgres, echo):
    daemon = Daemon(place)
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    # With a condition, so that the daemon is asked for each connection.
    text = text.replace("rules:\n", f"""  echo: {{ protocol: tcp, address: ["127.0.0.1:{echo[0]}"] }}
rules:
  - {{ name: seen, agents: [writer], resources: [echo], actions: [connect], verdict: allow, when: {{ on_behalf_of: [root] }} }}
""", 1)
    daemon.policy(text)
    yield daemon.start()
    daemon.close()
    for left in (daemon.dir,):
        subprocess.run(["rm", "-rf", str(left)], check=True)


def psql(daemon, target, agent="writer"):
    """An open session; `ask` sends a statement and gives the next line of output."""
    return daemon.spawn(agent, "psql", "-X", "-At", target)


def ask(agent, statement):
    agent.stdin.write(statement + ";\n")
    agent.stdin.flush()
    return agent.stdout.readline().strip()


def counters(daemon):
    return daemon.json("status")["counters"]


def counter(daemon, name):
    return counters(daemon)[name]


def went_well(process, seconds=60):
    assert process.wait(seconds) == 0


def test_upgrades_under_load_lose_nothing(daemon, postgres, target, echo):
    agents = [daemon.spawn("writer", "/usr/bin/python3", f"{CLIENTS}/echo.py", echo[0], CONNECTS / 2) for _ in range(2)]
    before_log = postgres.log.stat().st_size
    met_before = len(echo[1])
    sessions, olds, seen = [], [], {}
    open_now = 0
    try:
        for round_number in range(UPGRADES):
            part = SESSIONS // UPGRADES + 1
            agent = daemon.spawn("writer", "/usr/bin/python3", f"{CLIENTS}/sessions.py", target, part)
            assert agent.stdout.readline() == "open\n", agent.stderr.read()
            open_now += part
            sessions.append(agent)
            olds.append(daemon.replace())
            now = counters(daemon)
            for name in ("flows_accepted", "statements", "kernel_events", "kernel_steered_by_verdict", "kernel_steered_no_entry"):
                assert now[name] >= seen.get(name, 0), f"{name} went back in upgrade {round_number}"
            seen = now
            assert all(old.poll() is None for old in olds), "a daemon with open sessions goes on"
            time.sleep(0.5)
        wait_for("the drained sessions to be counted", lambda: counter(daemon, "flows_draining") >= open_now)
        assert daemon.json("status")["runs_living"] == 2 + UPGRADES, "the runs were adopted"
    finally:
        reports = [agent.communicate("", timeout=120) for agent in agents + sessions]
    connects = 0
    for out, err in reports[:2]:
        tried, *failures = out.split("\n")
        assert failures == ["", ""], failures[:5] + [err]
        connects += int(tried)
    for out, err in reports[2:]:
        ran, *failures = out.split("\n")
        assert failures == ["", ""], failures[:5] + [err]
        assert int(ran) > 0
    for old in olds:
        went_well(old)
    wait_for("the last flows to end", lambda: counter(daemon, "flows_draining") == 0)
    total = connects + open_now
    print(f"{UPGRADES} upgrades, {connects} connects, {open_now} sessions")
    assert counter(daemon, "flows_accepted") == total, "each connection was taken by a daemon, and counted once"
    assert len(echo[1]) - met_before == connects, "what reached the service came through Sluice"
    assert counter(daemon, "flows_refused") == 0 and counter(daemon, "recorder_failures") == 0
    with open(postgres.log, "rb") as log:
        log.seek(before_log)
        text = log.read().decode(errors="replace")
    assert set(re.findall(r"connection authorized: user=(\S+)", text)) <= {postgres.login, "postgres"}
    assert "user=alice" not in text, "a connection of an agent reached the server past Sluice"
    went_well_stop(daemon)
    verified = daemon.sluice("verify", check=False)
    assert verified.returncode == 0, verified.stdout
    assert ", 0 cut off)" in verified.stdout, "every session was sealed by the daemon that had it"


def went_well_stop(daemon):
    assert daemon.stop() == 0


def test_what_is_held_is_withdrawn_with_an_error_and_the_session_lives(daemon, target):
    agent = psql(daemon, target, "reporter")
    assert ask(agent, "SELECT 'before'") == "before"
    agent.stdin.write("UPDATE notes SET body = 'x' WHERE id = 2;\n")
    agent.stdin.flush()
    ticket = daemon.ticket()["ticket"]
    old = daemon.replace()
    assert ask(agent, "SELECT 'after'") == "after"
    assert daemon.sluice("approve", ticket, check=False).returncode == 1
    agent.stdin.write("UPDATE notes SET body = 'y' WHERE id = 2;\n")
    assert ask(agent, "SELECT 'again'") == "again"
    _, err = agent.communicate("", timeout=30)
    assert "a new daemon takes over" in err and "ask there" in err, err
    went_well(old)
    held = daemon.spawn("reporter", "psql", "-X", target, "-c", "UPDATE notes SET body = 'z' WHERE id = 2")
    daemon.sluice("approve", daemon.ticket()["ticket"])
    held.communicate(timeout=30)
    assert held.returncode == 0, "the new daemon asks and is answered"


def test_a_session_that_outlives_drain_timeout_is_told_and_ended(daemon, target):
    daemon.set(drain_timeout="2s")
    agent = psql(daemon, target)
    assert ask(agent, "SELECT 'before'") == "before"
    old = daemon.replace()
    assert ask(agent, "SELECT 'draining'") == "draining"
    went_well(old)
    out, err = agent.communicate("SELECT 'after';\n", timeout=30)
    assert "after" not in out and "drain_timeout is over" in err, err


def test_a_revocation_reaches_the_sessions_of_the_daemon_before(daemon, target):
    agent = psql(daemon, target)
    assert ask(agent, "SELECT 'before'") == "before"
    run = daemon.json("flows")["flows"][0]["run"]
    old = daemon.replace()
    daemon.sluice("revoke", run)
    out, err = agent.communicate("SELECT 'after';\n", timeout=30)
    assert "after" not in out and agent.returncode != 0
    went_well(old)


def test_a_cancel_reaches_the_sessions_of_the_daemon_before(daemon, target):
    program = f"""
import psycopg, sys, threading
connection = psycopg.connect({target!r}, autocommit=True)
print('open', flush=True)
sys.stdin.readline()
threading.Timer(1, connection.cancel).start()
try:
    connection.execute('SELECT pg_sleep(60)')
except psycopg.errors.QueryCanceled:
    print('cancelled')
"""
    agent = daemon.spawn("writer", "/usr/bin/python3", "-c", program)
    assert agent.stdout.readline() == "open\n"
    old = daemon.replace()
    out, err = agent.communicate("go\n", timeout=45)
    assert out == "cancelled\n", err
    went_well(old)


def test_a_policy_reload_reaches_the_sessions_of_the_daemon_before(daemon, target):
    agent = psql(daemon, target)
    assert ask(agent, "SELECT 'before'") == "before"
    old = daemon.replace()
    good = (daemon.policy_dir / "policy.yaml").read_text()
    daemon.policy(good.replace("[read, insert, update, delete, ddl,", "[insert,", 1))
    daemon.sluice("reload")
    agent.stdin.write("SELECT id FROM customers;\n")
    out, err = agent.communicate("", timeout=30)
    assert out == "" and "no policy rule allows" in err
    went_well(old)


def test_a_new_daemon_that_cannot_start_leaves_the_old_one_in_force(daemon, target):
    agent = psql(daemon, target)
    assert ask(agent, "SELECT 'before'") == "before"
    good = (daemon.policy_dir / "policy.yaml").read_text()
    daemon.policy("version: 2\n")
    with pytest.raises(RuntimeError, match="refusing to start"):
        daemon.replace()
    daemon.policy(good)
    assert "a new daemon takes over" not in daemon.log_text(), "it was refused before it asked"
    # Found only when the old daemon has given its store and recordings away already.
    key = daemon.state_dir / "keys" / "mask.key"
    key.chmod(0o644)
    with pytest.raises(RuntimeError, match="mask.key"):
        daemon.replace()
    key.chmod(0o600)
    assert ask(agent, "SELECT 'still'") == "still"
    wait_for("the old daemon to resume", lambda: "this one goes on" in daemon.log_text())
    done = daemon.run("writer", "psql", "-X", "-At", target, "-c", "SELECT 1")
    assert done.stdout == "1\n", done.stderr
    held = daemon.spawn("reporter", "psql", "-X", target, "-c", "UPDATE notes SET body = 'z' WHERE id = 2")
    daemon.sluice("approve", daemon.ticket()["ticket"])
    held.communicate(timeout=30)
    assert held.returncode == 0
    old = daemon.replace()
    assert ask(agent, "SELECT 'at last'") == "at last"
    agent.communicate("", timeout=30)
    went_well(old)
    went_well_stop(daemon)
    assert daemon.sluice("verify", check=False).returncode == 0


def test_replace_without_a_daemon_starts_one(daemon, target):
    daemon.stop()
    daemon.start(options=["--replace"])
    assert "nothing to take over" in daemon.log_text()
    assert daemon.run("writer", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"


ASK = """
import socket, struct, sys
asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
try:
    asking.connect(sys.argv[1])
    asking.send(b'x' * 100)
    answer, ancillary, _, _ = asking.recvmsg(65536, 4096)
    print(len(ancillary), answer[12:].split(bytes(1))[0].decode())
except OSError as error:
    print('error', error)
"""


def test_nobody_but_root_outside_of_runs_is_handed_anything(daemon):
    socket_path = daemon.run_dir / "handover.sock"
    inside = daemon.run("writer", "/usr/bin/python3", "-c", ASK, str(socket_path))
    assert "is in the run" in inside.stdout or "error" in inside.stdout, inside.stdout + inside.stderr
    other = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "/usr/bin/python3", "-c", ASK,
                            str(socket_path)], capture_output=True, text=True, timeout=30)
    assert "Permission denied" in other.stdout
    junk = subprocess.run(["/usr/bin/python3", "-c", ASK, str(socket_path)], capture_output=True, text=True, timeout=30)
    assert junk.stdout.startswith("0 ") and "another version" in junk.stdout, junk.stdout
    assert daemon.json("status")["enforcing"] in (True, False), "it serves on"


def test_both_processes_killed_leave_sockets_that_the_next_start_replaces(daemon, target):
    daemon.kill()
    assert (daemon.run_dir / "handover.sock").exists() and (daemon.run_dir / "control.sock").exists()
    daemon.start()
    old = daemon.replace()
    went_well(old)
    assert daemon.run("writer", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"

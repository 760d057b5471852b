# SPDX-License-Identifier: Apache-2.0
"""What different agents may do at one server, whom they act for, and what a person in front of psql sees while it waits."""
import json
import os
import signal
import socket

import pytest

from conftest import policy_for
from support.daemon import BUILD, Daemon
from support.places import wait_for


@pytest.fixture(scope="module")
def daemon(place, postgres):
    daemon = Daemon(place)
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    text = text.replace("agents:\n", "agents:\n  clerk: { launchers: { users: [root] }, may_speak_for: { users: [games] } }\n", 1)
    text += "  - { name: clerk reads, agents: [clerk], resources: [orders], actions: [read], verdict: allow }\n"
    daemon.policy(text)
    yield daemon.start()
    daemon.close()


def psql(daemon, agent, target, statement, **more):
    return daemon.run(agent, "psql", "-X", "-At", target, "-c", statement, **more)


def test_two_agents_have_different_rights_at_the_same_server(daemon, postgres, target):
    statement = "INSERT INTO notes VALUES (810, 'two agents')"
    refused = psql(daemon, "clerk", target, statement)
    assert refused.returncode != 0 and "no policy rule allows" in refused.stderr
    assert "two agents" not in postgres.log_text()
    assert psql(daemon, "writer", target, statement).stdout == "INSERT 0 1\n"
    assert psql(daemon, "clerk", target, "SELECT body FROM notes WHERE id = 810").stdout == "two agents\n"


def test_a_run_acts_for_whom_the_policy_lets_its_launcher_speak(daemon, target):
    done = psql(daemon, "clerk", target, "SELECT 'for games'", options=["--on-behalf-of", "games", "--task", "t-17"])
    assert done.stdout == "for games\n", done.stderr
    session = daemon.json("sessions")["sessions"][-1]["session"]
    document = json.loads(daemon.sluice("replay", session, "--format", "json").stdout)
    run = document["events"][0]["lineage"][-1]
    assert (run["agent"], run["launched_by"], run["on_behalf_of"], run["task"]) == ("clerk", "root", "games", "t-17")
    other = psql(daemon, "clerk", target, "SELECT 1", options=["--on-behalf-of", "man"])
    assert other.returncode != 0 and "may_speak_for" in other.stderr


def test_no_process_of_a_run_decides_what_another_run_asked(daemon, postgres, target):
    agent = daemon.spawn("reporter", "psql", "-X", target, "-c", "UPDATE notes SET body = 'self-approved' WHERE id = 2")
    ticket = daemon.ticket()["ticket"]
    for agent_name in ("reporter", "writer"):
        for words in (["approve", ticket], ["deny", ticket, "--reason", "x"], ["reload"]):
            done = daemon.run(agent_name, BUILD / "sluice", *words)
            assert done.returncode == 1 and "inside a run" in done.stderr
    assert daemon.ticket()["ticket"] == ticket, "it still waits"
    daemon.sluice("deny", ticket, "--reason", "no")
    agent.communicate(timeout=30)
    assert "self-approved" not in postgres.log_text()


def test_psql_shows_at_once_what_it_waits_for_and_how_to_approve_it(daemon, target):
    agent = daemon.spawn("reporter", "psql", "-X", target, "-c", "UPDATE notes SET body = 'y' WHERE id = 2")
    shown = [agent.stderr.readline() for _ in range(3)]
    ticket = daemon.ticket()["ticket"]
    assert "NOTICE" in shown[0] and "held for approval" in shown[0] and ticket in shown[0] and "UTC" in shown[0]
    assert "changes need a person" in shown[1] and "root" in shown[1] and f"sluice approve {ticket}" in shown[2]
    assert agent.poll() is None, "it waits"
    daemon.sluice("approve", ticket, "--note", "fine")
    out, err = agent.communicate(timeout=30)
    assert out == "UPDATE 1\n", err


def test_an_interrupt_in_psql_withdraws_what_waits(daemon, postgres, target):
    agent = daemon.spawn("reporter", "psql", "-X", "-At", target)
    agent.stdin.write("UPDATE notes SET body = 'interrupted' WHERE id = 2;\n")
    agent.stdin.flush()
    ticket = daemon.ticket()["ticket"]
    agent.send_signal(signal.SIGINT)
    rows = lambda: {row["ticket"]: row for row in daemon.json("approvals", "--all")["approvals"]}
    wait_for("the request to be withdrawn", lambda: rows()[ticket]["state"] == "withdrawn")
    out, err = agent.communicate(timeout=30)
    assert "canceling statement due to user request" in err and "interrupted" not in postgres.log_text()
    late = daemon.sluice("approve", ticket, check=False)
    assert late.returncode == 1 and "is waiting" in late.stderr


AGENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "clients", "one_statement.py")


@pytest.mark.parametrize("form", ["simple", "extended", "pipelined"])
def test_what_nobody_decides_in_time_aborts_its_transaction(daemon, postgres, target, form):
    mark = f"expired-{form}"
    agent = daemon.spawn("reporter", "/usr/bin/python3", AGENT, target, form, "inside",
                         f"INSERT INTO orders VALUES (901, 1, '{mark}', 1)")
    ticket = daemon.ticket()["ticket"]
    first = daemon.sluice("approve", ticket, check=False)
    assert first.returncode == 0, "one of the two that are needed"
    out, err = agent.communicate(timeout=30)
    result = json.loads(out.splitlines()[-1])
    assert result["sqlstate"] == "42501" and "in time" in result["message"], err
    assert (result["status_after"], result["next_in_transaction"], result["works_after"]) == ("INERROR", "25P02", 1)
    assert mark not in postgres.log_text()


def test_the_kernel_remembers_what_was_refused_and_refuses_it_alone(daemon):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        program = ("import errno, socket\nfor _ in range(3):\n s = socket.socket()\n s.settimeout(10)\n"
                   f" try:\n  s.connect(('127.0.0.1', {port})); print(s.recv(10))\n"
                   " except OSError as error: print(errno.errorcode[error.errno])\n s.close()")
        before = daemon.json("status")["counters"]
        done = daemon.run("reporter", "/usr/bin/python3", "-c", program, check=True)
        after = daemon.json("status")["counters"]
        server.settimeout(0)
        with pytest.raises(BlockingIOError):
            server.accept()
    outcomes = done.stdout.split()
    assert outcomes[0] in ("ECONNRESET", "ECONNREFUSED", "EPERM", "EACCES") and outcomes[1] == outcomes[2] != "ECONNRESET"
    assert after["kernel_denied_by_verdict"] - before["kernel_denied_by_verdict"] == 2
    assert f"connection refused: agent reporter to 127.0.0.1:{port}" in daemon.log_text()

# SPDX-License-Identifier: Apache-2.0
"""What the people who decide are shown of a held statement: how many rows it would touch, and what the run did before. Asking the
planner for it must not run anything."""
import pathlib

import psycopg2
import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"

SCHEMA = """
CREATE TABLE many AS SELECT generate_series(1, 1000) AS n;
ANALYZE many;
GRANT ALL ON many TO {login};
CREATE FUNCTION tells() RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE LOG 'it was called'; RETURN true; END$$;
"""


@pytest.fixture(scope="module")
def daemon(place, postgres):
    daemon = Daemon(place)
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    daemon.policy(text.replace("    sensitive:\n", "    estimate_rows: true\n    sensitive:\n"))
    yield daemon.start()
    daemon.close()


@pytest.fixture(scope="module")
def tables(postgres):
    postgres.sql(SCHEMA.format(login=postgres.login), database="shop")


def row_of(daemon, statement):
    rows = [row for row in daemon.json("approvals")["approvals"] if row["intent"]["statement"] == statement]
    return rows[0] if rows else None


@pytest.fixture
def held(daemon, target):
    """Runs psql as an agent until its last statement is held; gives that statement."""
    agents = []

    def hold(*lines):
        agents.append(daemon.spawn("reporter", "psql", "-X", "-At", "-f", "-", target))
        agents[-1].stdin.write("\n".join(lines) + "\n")
        agents[-1].stdin.close()
        wait_for("the statement to be held", lambda: row_of(daemon, lines[-1]))
        return lines[-1]
    yield hold
    for agent in agents:
        agent.kill()
        agent.wait()
        for pipe in (agent.stdout, agent.stderr):
            pipe.close()
    wait_for("the requests to be withdrawn", lambda: not daemon.json("approvals")["approvals"])


def estimate(daemon, statement):
    def known():
        row = row_of(daemon, statement)
        return row if row["estimated_rows"] is not None else None
    return wait_for("the planner's estimate", known)["estimated_rows"]


@pytest.mark.parametrize("statement", [
    "UPDATE many SET n = n + 1 WHERE n <= 100;",
    "DELETE FROM many WHERE n <= 100;",
    "UPDATE many SET n = 5 WHERE n <= 100 RETURNING n;",
    "INSERT INTO many SELECT n FROM many WHERE n <= 100;",
])
def test_the_approver_is_told_how_many_rows(daemon, tables, held, statement):
    assert 50 <= estimate(daemon, held(statement)) <= 200
    assert "\nplanner       about 1" in daemon.sluice("approvals").stdout


def test_the_estimate_is_for_the_parameters_at_hand(daemon, tables, target):
    program = ("import psycopg, sys; psycopg.connect(sys.argv[1]).execute("
               "'DELETE FROM many WHERE n <= %s AND (%s::text IS NULL)', (100, None))")
    agent = daemon.spawn("reporter", "/usr/bin/python3", "-c", program, target)
    try:
        statement = daemon.ticket()["intent"]["statement"]
        assert "$1" in statement and 50 <= estimate(daemon, statement) <= 200
        daemon.sluice("deny", row_of(daemon, statement)["ticket"], "--reason", "seen enough")
    finally:
        _, told = agent.communicate(timeout=30)
    assert "seen enough" in told


def test_no_function_of_users_is_called_to_estimate(daemon, postgres, tables, held):
    theirs = held("DELETE FROM many WHERE n <= 100 AND tells();")
    estimate(daemon, held("DELETE FROM many WHERE n = 2;"))  # asked for later, and known
    assert row_of(daemon, theirs)["estimated_rows"] is None
    assert "LOG:  it was called" not in postgres.log_text()


def test_the_approver_is_told_what_the_run_did_before(daemon, tables, held):
    statement = held("SELECT 'first of all';", "SELECT count(*) FROM secret_plans;", "DELETE FROM many WHERE n = 1;")
    shown = row_of(daemon, statement)["recent"]
    assert [(row["statement"], row["verdict"]) for row in shown] == [
        ("SELECT 'first of all';", "allow"), ("SELECT count(*) FROM secret_plans;", "allow"), ("DELETE FROM many WHERE n = 1;", "hold")]
    assert "allow  SELECT 'first of all'" in daemon.sluice("approvals").stdout


def test_of_many_statements_the_last_are_shown_and_a_long_one_is_cut_between_characters(daemon, tables, held):
    long = "SELECT 'x" + "\u00e9" * 150 + "';"
    statement = held(*(f"SELECT {number};" for number in range(20)), long, "DELETE FROM many WHERE n = 3;")
    shown = [row["statement"] for row in row_of(daemon, statement)["recent"]]
    assert shown[:6] == [f"SELECT {number};" for number in range(14, 20)] and shown[7] == statement
    assert shown[6].endswith("...") and long.startswith(shown[6][:-3]) and len(shown[6]) > 100


@pytest.fixture
def agent(daemon, target):
    """psql, told one line after the other."""
    process = daemon.spawn("reporter", "psql", "-X", "-At", "-f", "-", target)

    def say(line):
        process.stdin.write(line + "\n")
        process.stdin.flush()
    yield process, say
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout, process.stderr):
        pipe.close()


def test_a_planner_that_has_to_wait_is_given_up_and_people_decide_without_it(daemon, postgres, tables, held, agent):
    process, say = agent
    statement = "DELETE FROM many WHERE n = 1000;"
    locker = psycopg2.connect(host=str(postgres.home), port=postgres.port, user="postgres", dbname="shop")
    with locker.cursor() as cursor:
        cursor.execute("LOCK TABLE many IN ACCESS EXCLUSIVE MODE")
        say(statement)
        ticket = wait_for("the statement to be held", lambda: row_of(daemon, statement))["ticket"]
        wait_for("the planner to be given up", lambda: "canceling statement due to lock timeout" in postgres.log_text())
    locker.rollback()
    locker.close()
    # Asked for later, and known: the first question has been answered, with nothing.
    estimate(daemon, held("DELETE FROM many WHERE n = 6;"))
    assert row_of(daemon, statement)["estimated_rows"] is None
    daemon.sluice("approve", ticket)
    process.stdin.close()
    assert wait_for("the answer", process.stdout.readline) == "DELETE 1\n"


def test_a_planner_that_cannot_be_reached_keeps_nobody_from_deciding(daemon, postgres, tables, held, agent):
    process, say = agent
    say("SELECT 'here';")
    assert process.stdout.readline() == "here\n"
    statement = "DELETE FROM many WHERE n = 999;"
    try:
        postgres.sql(f"ALTER ROLE {postgres.login} CONNECTION LIMIT 1")
        say(statement)
        ticket = wait_for("the statement to be held", lambda: row_of(daemon, statement))["ticket"]
        wait_for("the planner to be turned away", lambda: "too many connections for role" in postgres.log_text())
    finally:
        postgres.sql(f"ALTER ROLE {postgres.login} CONNECTION LIMIT -1")
    estimate(daemon, held("DELETE FROM many WHERE n = 7;"))
    assert row_of(daemon, statement)["estimated_rows"] is None
    daemon.sluice("approve", ticket)
    process.stdin.close()
    assert wait_for("the answer", process.stdout.readline) == "DELETE 1\n"


BEHIND = """
import sys, threading
from wire import *
wire = Wire()
wire.login()
many = query(f"SELECT length('{'x' * 2000}')") * 10000
sender = threading.Thread(target=lambda: wire.send(query(sys.argv[1]), many))
sender.start()
print([line for line in wire.until("Z") if line[0] == "C"])
print(sum(wire.until("Z")[1:] == wire.until("Z")[1:] for _ in range(5000)))
sender.join()
"""

LEAVES = """
import sys
from wire import *
wire = Wire()
wire.login()
wire.send(query(sys.argv[1])).until("N")  # it is held
wire.send(query("SELECT " + " " * 1000) * 1000)
sys.stdin.read()  # until it is told to leave
wire.socket.shutdown(socket.SHUT_WR)
print(wire.at_end())
"""


@pytest.fixture
def pipelining(daemon, postgres):
    """Runs a program that sends a statement and megabytes behind it; gives the statement's ticket when it is held, and how to
    end the program's input and hear what it has printed in the end."""
    agents = []

    def begin(program, statement):
        agents.append(daemon.spawn("reporter", "/usr/bin/python3", "-c", program, statement,
                                   env={"WIRE": f"127.0.0.1 {postgres.port}", "PYTHONPATH": str(CLIENTS)}))
        row = wait_for("the statement to be held", lambda: row_of(daemon, statement))
        return row["ticket"], lambda: agents[-1].communicate(timeout=60)[0]
    yield begin
    for agent in agents:
        agent.kill()
        agent.communicate()


def test_megabytes_that_wait_behind_a_held_statement_are_answered_once_it_is_approved(daemon, tables, pipelining):
    ticket, printed = pipelining(BEHIND, "DELETE FROM many WHERE n = 998;")
    daemon.sluice("approve", ticket)
    assert printed().splitlines() == ["[\"C b'DELETE 1\\\\x00'\"]", "5000"]


def test_whoever_leaves_megabytes_behind_a_held_statement_waits_for_it_no_longer(daemon, tables, pipelining):
    statement = "DELETE FROM many WHERE n = 997;"
    _, leave = pipelining(LEAVES, statement)
    leave()
    wait_for("the request to be withdrawn", lambda: not row_of(daemon, statement))

# SPDX-License-Identifier: Apache-2.0
"""What the people who decide are shown of a held statement: how many rows it would touch, and what the run did before. Asking the
planner for it must not run anything."""
import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for

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

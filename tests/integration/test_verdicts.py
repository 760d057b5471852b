# SPDX-License-Identifier: Apache-2.0
"""Each verdict, in each form of the protocol, inside and outside a transaction, as the agent sees it; and nothing of
what was held or denied in the server's own log."""
import itertools
import json
import pathlib
import random
import signal
import string

import pytest

from support.places import wait_for

AGENT = pathlib.Path(__file__).resolve().parent / "clients" / "one_statement.py"
FORMS = ["simple", "extended", "pipelined"]
PLACES = ["outside", "inside"]
MARKS = itertools.count(1)


@pytest.fixture
def mark():
    """A literal that stands in one statement only, so that it can be looked for. Without digits: many of them in a row
    can be the number of a card, which is masked."""
    return f"mark-{next(MARKS)}-{''.join(random.choices(string.ascii_lowercase, k=16))}"


def start(daemon, target, form, where, statement):
    return daemon.spawn("reporter", "/usr/bin/python3", AGENT, target, form, where, statement)


def outcome(agent, seconds=30):
    out, err = agent.communicate(timeout=seconds)
    assert agent.returncode == 0, out + err
    return json.loads(out.splitlines()[-1])


def update(mark):
    return f"UPDATE notes SET body = '{mark}' WHERE id = 2"


def denied(mark):
    return f"DELETE FROM notes WHERE '{mark}' = '{mark}'"


def state(daemon, ticket):
    rows = daemon.json("approvals", "--all")["approvals"]
    return next(row["state"] for row in rows if row["ticket"] == ticket)


def check_after_error(result, where):
    """As after any error of PostgreSQL: an aborted transaction until ROLLBACK, and a living connection."""
    assert result["status_after"] == ("INERROR" if where == "inside" else "IDLE")
    assert result["next_in_transaction"] == ("25P02" if where == "inside" else None)
    assert result["works_after"] == 1


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("form", FORMS)
class TestForm:
    def test_an_allowed_statement_runs(self, daemon, postgres, target, form, where, mark):
        result = outcome(start(daemon, target, form, where, f"SELECT '{mark}'"))
        assert result["rows"] == [[mark]] and result["sqlstate"] is None
        assert mark in postgres.log_text()

    def test_a_denied_statement_is_an_error_and_never_reaches_the_server(self, daemon, postgres, target, form, where, mark):
        result = outcome(start(daemon, target, form, where, denied(mark)))
        assert result["sqlstate"] == "42501" and "never a whole table: name the rows" in result["message"].replace('"', "")
        check_after_error(result, where)
        assert mark not in postgres.log_text()

    def test_a_held_statement_runs_once_it_is_approved(self, daemon, postgres, target, form, where, mark):
        agent = start(daemon, target, form, where, update(mark))
        row = daemon.ticket()
        assert row["intent"]["statement"] == update(mark)
        assert mark not in postgres.log_text()
        daemon.sluice("approve", row["ticket"])
        result = outcome(agent)
        assert result["sqlstate"] is None and result["tag"] == "UPDATE 1"
        assert any(row["ticket"] in notice for notice in result["notices"])
        assert state(daemon, row["ticket"]) == "approved"
        assert sum(mark in line and "statement:" in line or mark in line and "execute" in line
                   for line in postgres.log_text().splitlines()) == 1

    def test_a_held_statement_that_is_denied_is_an_error_with_the_reason(self, daemon, postgres, target, form, where, mark):
        agent = start(daemon, target, form, where, update(mark))
        ticket = daemon.ticket()["ticket"]
        daemon.sluice("deny", ticket, "--reason", "not today")
        result = outcome(agent)
        assert result["sqlstate"] == "42501" and "not today" in result["message"]
        check_after_error(result, where)
        assert state(daemon, ticket) == "denied" and mark not in postgres.log_text()

    def test_cancel_withdraws_what_is_held(self, daemon, postgres, target, form, where, mark):
        agent = start(daemon, target, form, where, update(mark))
        ticket = daemon.ticket()["ticket"]
        agent.send_signal(signal.SIGUSR1)  # the client asks to cancel, over a connection of its own
        result = outcome(agent)
        assert result["sqlstate"] == "57014"
        check_after_error(result, where)
        wait_for("the request to be withdrawn", lambda: state(daemon, ticket) == "withdrawn")
        assert mark not in postgres.log_text()

    def test_an_agent_that_goes_away_withdraws_what_is_held(self, daemon, postgres, target, form, where, mark):
        agent = start(daemon, target, form, where, update(mark))
        ticket = daemon.ticket()["ticket"]
        agent.kill()
        agent.communicate()
        wait_for("the request to be withdrawn", lambda: state(daemon, ticket) == "withdrawn")
        assert mark not in postgres.log_text()


@pytest.mark.parametrize("form", FORMS)
def test_a_held_statement_that_nobody_decides_expires(daemon, postgres, target, form, mark):
    agent = start(daemon, target, form, "outside", f"INSERT INTO orders VALUES (900, 1, '{mark}', 1)")
    ticket = daemon.ticket()["ticket"]
    result = outcome(agent)
    assert result["sqlstate"] == "42501" and "in time" in result["message"]
    assert state(daemon, ticket) == "expired" and mark not in postgres.log_text()


def test_several_statements_of_one_query_pass_all_or_none(daemon, postgres, target, mark):
    text = f"SELECT '{mark}'; {denied(mark)}; SELECT 2"
    assert outcome(start(daemon, target, "simple", "outside", text))["sqlstate"] == "42501"
    assert mark not in postgres.log_text()


def test_what_waits_is_bound_to_its_parameters(daemon, target, mark):
    agent = daemon.spawn("reporter", "/usr/bin/python3", AGENT, target, "parameters", "outside",
                         "UPDATE notes SET body = %s WHERE id = 2", mark)
    row = daemon.ticket()
    assert row["intent"]["parameters"] == [mark]
    daemon.sluice("approve", row["ticket"])
    assert outcome(agent)["tag"] == "UPDATE 1"


def test_a_grant_lets_the_same_statement_pass_again_for_its_run_only(daemon, target, mark):
    agent = daemon.spawn("reporter", "/usr/bin/python3", AGENT, target, "twice", "outside", update(mark))
    daemon.sluice("approve", daemon.ticket()["ticket"], "--for", "5m")
    assert outcome(agent)["tag"] == "UPDATE 1"
    other = start(daemon, target, "simple", "outside", update(mark))
    daemon.sluice("deny", daemon.ticket()["ticket"], "--reason", "another run")
    assert outcome(other)["sqlstate"] == "42501"

# SPDX-License-Identifier: Apache-2.0
"""CancelRequest: in the clear and over TLS, of what runs and of what is held, and of nothing that belongs to another run."""
import pathlib

import pytest

from support.places import wait_for
from two_resources import daemon, postgres  # noqa: F401

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
CANCELLED = "E S=ERROR C=57014 M=canceling statement due to user request"
HOLDS_ON = "SELECT pg_sleep(600)"


def environment(postgres):  # noqa: F811
    return {"WIRE": f"localhost {postgres.port}", "PYTHONPATH": str(CLIENTS)}


def begin(daemon, postgres, way, statement, agent="writer"):  # noqa: F811
    """The agent and its session's key."""
    agent = daemon.spawn(agent, "/usr/bin/python3", CLIENTS / "cancelling.py", way, statement, env=environment(postgres))
    key = agent.stdout.readline().strip()
    assert len(key) == 16, agent.communicate("\n")
    return agent, key


def end(agent):
    out, err = agent.communicate("\n", timeout=60)
    assert agent.returncode == 0, out + err
    return out.splitlines()


def running(postgres, statement=HOLDS_ON):  # noqa: F811
    return postgres.sql(f"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = '{statement}'") == "1"


@pytest.mark.parametrize("way", ["clear", "tls"])
def test_a_cancel_ends_what_runs(daemon, postgres, way):  # noqa: F811
    agent, _ = begin(daemon, postgres, way, HOLDS_ON)
    wait_for("the statement to run", lambda: running(postgres))
    assert end(agent) == [f"['{CANCELLED}']", "D b'\\x00\\x00\\x00\\x07goes on'"]


@pytest.mark.parametrize("way", ["clear", "tls"])
def test_a_cancel_withdraws_what_is_held(daemon, postgres, way):  # noqa: F811
    agent, _ = begin(daemon, postgres, way, "UPDATE notes SET body = 'held' WHERE id = 2", agent="reporter")
    ticket = daemon.ticket()["ticket"]
    said = end(agent)
    assert CANCELLED in said[0] and said[1].startswith("D")
    states = {row["ticket"]: row["state"] for row in daemon.json("approvals", "--all")["approvals"]}
    assert states[ticket] == "withdrawn"
    assert postgres.sql("SELECT body FROM notes WHERE id = 2", database="shop") == "nothing here"


OF_ANOTHER = "import sys; from cancelling import cancel; print(cancel(sys.argv[1], bytes.fromhex(sys.argv[2])))"


@pytest.mark.parametrize("way", ["clear", "tls"])
@pytest.mark.parametrize("who", ["writer", "reporter"])
def test_a_cancel_of_another_run_does_nothing(daemon, postgres, way, who):  # noqa: F811
    agent, key = begin(daemon, postgres, way, HOLDS_ON)
    try:
        wait_for("the statement to run", lambda: running(postgres))
        done = daemon.run(who, "/usr/bin/python3", "-c", OF_ANOTHER, way, key, env=environment(postgres), check=True)
        assert done.stdout == "[]\n"  # as to anybody whose key is wrong
        assert running(postgres)
    finally:
        said = end(agent)
    assert CANCELLED in said[0]


def test_a_cancel_of_another_run_withdraws_nothing(daemon, postgres):  # noqa: F811
    agent, key = begin(daemon, postgres, "clear", "UPDATE notes SET body = 'held' WHERE id = 2", agent="reporter")
    ticket = daemon.ticket()["ticket"]
    daemon.run("reporter", "/usr/bin/python3", "-c", OF_ANOTHER, "clear", key, env=environment(postgres), check=True)
    assert daemon.ticket()["ticket"] == ticket
    assert CANCELLED in end(agent)[0]


def test_the_key_of_the_server_itself_means_nothing(daemon, postgres):  # noqa: F811
    """The process id is the server's, so that what an agent shows of it is true; the secret is not."""
    agent, key = begin(daemon, postgres, "clear", HOLDS_ON)
    wait_for("the statement to run", lambda: running(postgres))
    pid = int(key[:8], 16)
    assert postgres.sql(f"SELECT state FROM pg_stat_activity WHERE pid = {pid}") == "active"
    assert CANCELLED in end(agent)[0]


NEXT = """
import psycopg2, sys, threading
connection = psycopg2.connect(sys.argv[1])
connection.autocommit = True
cursor = connection.cursor()
for turn in range(100):
    canceller = threading.Thread(target=connection.cancel)
    canceller.start()
    try:
        cursor.execute("SELECT pg_sleep(%s)", (turn % 7 / 1000,))
    except psycopg2.errors.QueryCanceled:
        pass
    canceller.join()
    cursor.execute("SELECT %s", (turn,))
    assert cursor.fetchone() == (turn,)
print('done')
"""


def test_a_cancel_that_has_returned_does_not_meet_the_next_statement(daemon, postgres):  # noqa: F811
    done = daemon.run("writer", "/usr/bin/python3", "-c", NEXT, f"host=localhost port={postgres.port} user=alice dbname=shop", check=True,
                      timeout=120)
    assert done.stdout == "done\n"

# SPDX-License-Identifier: Apache-2.0
"""What the protocol allows and few drivers do: each conversation is the same through Sluice as with the server itself."""
import itertools
import json
import os
import pathlib
import subprocess

import pytest

from two_resources import HOSTS, daemon, postgres  # noqa: F401

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"
PROGRAM = CLIENTS / "conversations.py"

CONVERSATIONS = ["portals_with_row_limits", "a_limit_of_the_exact_number", "flush_without_sync", "close_of_statements_and_portals",
                 "the_unnamed_statement", "an_error_in_a_pipeline", "very_many_pipelined_messages",
                 "megabytes_behind_a_slow_statement", "copy_in", "copy_out",
                 "terminate_in_the_middle", "function_calls", "errors_of_every_phase", "notifications", "parameter_reports"]


def environment(where, **more):
    return {"WIRE": where, "PYTHONPATH": str(CLIENTS), **more}


@pytest.fixture(scope="module")
def said_directly(postgres):  # noqa: F811
    """What the server itself says in a conversation; each is held once."""
    said = {}

    def held(conversation):
        if conversation not in said:
            there = environment(f"{postgres.home}/.s.PGSQL.{postgres.port}", PGUSER="postgres")
            direct = subprocess.run(["/usr/bin/python3", PROGRAM, conversation], env={**os.environ, **there}, capture_output=True,
                                    text=True, timeout=120)
            assert direct.returncode == 0 and direct.stdout, direct.stderr
            said[conversation] = direct.stdout.splitlines()
        return said[conversation]
    return held


@pytest.mark.parametrize("host, conversation", [*itertools.product(HOSTS, CONVERSATIONS), ("127.0.0.2", "large_objects")])
def test_is_the_same_as_with_the_server(daemon, postgres, said_directly, host, conversation):  # noqa: F811
    done = daemon.run("writer", "/usr/bin/python3", PROGRAM, conversation, env=environment(f"{host} {postgres.port}"), timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == said_directly(conversation)


HEARS = """
import sys
from wire import *
wire = Wire()
wire.login()
wire.ask(query("LISTEN heard"))
print("listening", flush=True)
print(wire.until("A"), flush=True)
"""


def test_a_notification_passes_the_detectors(daemon, postgres):  # noqa: F811
    agent = daemon.spawn("writer", "/usr/bin/python3", "-c", HEARS, env=environment(f"localhost {postgres.port}"))
    assert agent.stdout.readline() == "listening\n"
    postgres.sql("NOTIFY heard, 'card 4111 1111 1111 1111 was charged'", database="shop")
    out, err = agent.communicate(timeout=60)
    assert out == """["A b'heard\\\\x00card [redacted] was charged\\\\x00'"]\n""", out + err
    session = daemon.json("sessions")["sessions"][-1]["session"]
    assert "4111" not in daemon.sluice("replay", session).stdout


MEANING = r"""
import json, sys
from wire import *
wire = Wire()
wire.login(**json.loads(sys.argv[1]))
for text in json.loads(sys.argv[2]):
    wire.ask(query(text))
lines = []
# ssn is a column of the first where a backslash escapes nothing, of the second where it does.
for trick in (r"SELECT 'a\', ssn, ' FROM notes --' FROM customers --'", r"SELECT 'a\'', ssn FROM customers --'"):
    lines += wire.ask(query(trick))
    lines += wire.ask(parse(trick), bind(), describe("P"), execute(), SYNC)
print(json.dumps([line for line in lines if line[0] in "DE"]))
"""


SET_OFF, OFF_AT_START = "SET standard_conforming_strings TO off", {"options": "-c standard_conforming_strings=off"}


@pytest.mark.parametrize("escapes, start, statements", [
    (False, {}, []),
    (True, {}, [SET_OFF]),
    (True, {}, ["BEGIN; SET LOCAL standard_conforming_strings TO off"]),
    (True, {}, ["SELECT set_config('standard_conforming_strings', 'off', false)"]),
    (True, {}, [SET_OFF, "BEGIN; SET standard_conforming_strings TO on", "ROLLBACK"]),
    (False, {}, [SET_OFF + "; RESET ALL"]),
    (False, {}, ["BEGIN; " + SET_OFF, "ROLLBACK"]),
    (True, {"standard_conforming_strings": "off"}, []),
    (True, OFF_AT_START, []),
    (True, OFF_AT_START, ["SET standard_conforming_strings TO on", "RESET ALL"])])
def test_strings_mean_what_the_server_says_they_mean(daemon, postgres, escapes, start, statements):  # noqa: F811
    done = daemon.run("writer", "/usr/bin/python3", "-c", MEANING, json.dumps(start), json.dumps(statements),
                      env=environment(f"localhost {postgres.port}"), check=True)
    lines = json.loads(done.stdout)
    assert "078-05" not in done.stdout
    if escapes:
        assert "C=42601 M=the statement has a backslash" in lines[0] and not any(line[0] == "D" for line in lines), lines
    else:
        assert len(lines) == 6 and sum("[redacted]" in line for line in lines) == 4, lines


def test_a_syntax_error_points_at_its_place(daemon, postgres):  # noqa: F811
    done = daemon.run("writer", "psql", "-X", f"host=localhost port={postgres.port} user=alice dbname=shop", "-c",
                      "SELECT 'w\u00f6rd' AS w, FROM notes")
    direct = subprocess.run(["psql", "-X", f"host={postgres.home} port={postgres.port} user=postgres dbname=shop", "-c",
                             "SELECT 'w\u00f6rd' AS w, FROM notes"], capture_output=True, text=True)
    assert done.stderr.startswith(direct.stderr), done.stderr + direct.stderr
    assert direct.stderr.splitlines()[2].strip() == "^"

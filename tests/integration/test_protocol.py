# SPDX-License-Identifier: Apache-2.0
"""What the protocol allows and few drivers do: each conversation is the same through Sluice as with the server itself."""
import itertools
import os
import pathlib
import subprocess

import pytest

from two_resources import HOSTS, daemon, postgres  # noqa: F401

CLIENTS = pathlib.Path(__file__).resolve().parent / "clients"

CONVERSATIONS = ["portals_with_row_limits", "a_limit_of_the_exact_number", "flush_without_sync", "close_of_statements_and_portals",
                 "the_unnamed_statement", "an_error_in_a_pipeline", "very_many_pipelined_messages", "copy_in", "copy_out",
                 "terminate_in_the_middle", "function_calls", "errors_of_every_phase", "notifications", "parameter_reports"]


def environment(where, **more):
    return {"WIRE": where, "PYTHONPATH": str(CLIENTS), **more}


@pytest.mark.parametrize("host, conversation", [*itertools.product(HOSTS, CONVERSATIONS), ("127.0.0.2", "large_objects")])
def test_is_the_same_as_with_the_server(daemon, postgres, host, conversation):  # noqa: F811
    program = CLIENTS / "conversations.py"
    there = environment(f"{postgres.home}/.s.PGSQL.{postgres.port}", PGUSER="postgres")
    direct = subprocess.run(["/usr/bin/python3", program, conversation], env={**os.environ, **there}, capture_output=True, text=True,
                            timeout=120)
    assert direct.returncode == 0 and direct.stdout, direct.stderr
    done = daemon.run("writer", "/usr/bin/python3", program, conversation, env=environment(f"{host} {postgres.port}"), timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == direct.stdout.splitlines()

# SPDX-License-Identifier: Apache-2.0
"""Neither the upstream password nor an unmasked sensitive value is anywhere but where it belongs."""
import pathlib

import pytest

from support.places import wait_for

VALUES = ["078-05-1120", "219-09-9999", "ada@example.com", "bob@example.com", "4111 1111 1111 1111"]


@pytest.fixture(scope="module")
def busy(daemon, postgres):
    """Reads, refusals, an approval and errors, in each form: what fills logs and recordings."""
    target = f"host=127.0.0.1 port={postgres.port} user=alice dbname=shop"
    for statement in ("SELECT * FROM customers", "SELECT body FROM notes", "SELECT ssn::int FROM customers",
                      "DELETE FROM customers", "INSERT INTO customers VALUES (1, 'twice')", "COPY customers TO STDOUT"):
        daemon.run("writer", "psql", "-X", target, "-c", statement)
    agent = daemon.spawn("reporter", "psql", "-X", target, "-c", "UPDATE notes SET body = 'x' WHERE id = 2")
    daemon.sluice("approve", daemon.ticket()["ticket"])
    agent.communicate(timeout=30)
    return daemon


def test_the_server_knows_only_the_resources_login(busy, postgres):
    logins = {line.split("user=")[1].split()[0] for line in postgres.log_text().splitlines()
              if "connection authorized" in line and "application_name=pg_isready" not in line}
    assert logins <= {postgres.login, "postgres"}
    assert "user=alice" not in postgres.log_text()


def test_logs_recordings_store_and_audit_hold_no_secret(busy, postgres):
    everything = busy.recordings_text() + busy.log_text()
    for session in busy.json("sessions")["sessions"]:
        everything += busy.sluice("replay", session["session"], "--format", "json").stdout
        everything += busy.sluice("replay", session["session"]).stdout
    assert "[redacted]" in everything, "the recordings were read"
    assert postgres.password not in everything
    for value in VALUES:
        assert value not in everything, value


def test_a_running_agent_holds_no_secret(busy, postgres):
    agent = busy.spawn("reporter", "sh", "-c", "echo $$; read end")
    try:
        pid = int(agent.stdout.readline())
        for file in ("environ", "cmdline"):
            text = pathlib.Path(f"/proc/{pid}/{file}").read_bytes().decode("latin-1")
            assert postgres.password not in text
    finally:
        agent.communicate("\n", timeout=30)


def test_an_agent_cannot_read_what_the_daemon_keeps(busy, postgres):
    done = busy.run("reporter", "setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups", "cat",
                    busy.state_dir / "store", busy.secrets_dir / "orders", busy.state_dir / "keys" / "recording.key")
    assert done.returncode != 0 and done.stdout == ""


def test_the_worker_leaves_no_core_and_cannot_be_looked_into(daemon):
    pid = wait_for("the worker", daemon.worker_pid)
    status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert status["Uid"].split()[0] != "0"
    assert all(int(status[name], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"))
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    assert "Max core file size        0" in limits
    # What is not dumpable belongs to root.
    assert pathlib.Path(f"/proc/{pid}/environ").stat().st_uid == 0

# SPDX-License-Identifier: Apache-2.0
"""Agents in network namespaces of their own. The daemon and PostgreSQL live in one that this file makes, too, so that the
server has an address that is not loopback and no traffic leaves what was made here."""
import contextlib
import ctypes
import os
import pathlib
import subprocess

import pytest

from conftest import policy_for
from support.daemon import Daemon
from support.places import wait_for
from support.postgres import Postgres

CLONE_NEWNET = 0x40000000
SERVER = "10.99.0.1"
libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


@pytest.fixture(scope="module")
def home():
    """Everything that this process starts from here on is in a namespace of its own."""
    before = os.open("/proc/self/ns/net", os.O_RDONLY)
    call("unshare", CLONE_NEWNET)
    subprocess.run(f"ip link set lo up && ip addr add {SERVER}/32 dev lo", shell=True, check=True)
    yield
    call("setns", before, CLONE_NEWNET)
    os.close(before)


@pytest.fixture(scope="module")
def postgres(home, place):
    postgres = Postgres(place.dir, listen=f"{SERVER},127.0.0.1")
    yield postgres.start()
    postgres.stop()


@pytest.fixture(scope="module")
def daemon(place, postgres):
    daemon = Daemon(place)
    (place.cgroup / "service").mkdir()
    text = policy_for(postgres, daemon.secret("orders", postgres.password))
    text = text.replace("agents:\n", f"agents:\n  service: {{ match: {{ cgroup: {place.cgroup_path('service')} }} }}\n", 1)
    text = text.replace("address: [", f'address: ["{SERVER}:{postgres.port}", ', 1).replace("verify-full", "verify-ca")
    text = text.replace("agents: [reporter], resources: [orders], actions: [read",
                        "agents: [reporter, service], resources: [orders], actions: [read", 1)
    daemon.policy(text)
    yield daemon.start()
    daemon.close()


def query(postgres, host=SERVER):
    return f"psql -XAt 'host={host} port={postgres.port} user=alice dbname=shop' -c 'SELECT name FROM customers ORDER BY id'"


def counters(daemon):
    return daemon.json("status")["counters"]


def open_sockets(daemon):
    sockets = 0
    directory = pathlib.Path(f"/proc/{daemon.worker_pid()}/fd")
    for each in os.listdir(directory):
        with contextlib.suppress(FileNotFoundError):
            sockets += os.readlink(directory / each).startswith("socket:")
    return sockets


def test_nothing_is_left_of_a_namespace_whose_run_has_ended(daemon, postgres):
    """A listener keeps its namespace alive, so it must be closed. First in this file: no other namespace is open."""
    before = open_sockets(daemon)
    agent = subprocess.Popen(["unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh",
                              *daemon.run_command("reporter", "sh", "-c", query(postgres) + "; read line")],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=daemon.environment())
    assert agent.stdout.readline() == "Ada\n" and agent.stdout.readline() == "Bob\n"
    assert open_sockets(daemon) > before
    agent.communicate("\n", timeout=20)
    wait_for("the listeners to be closed", lambda: open_sockets(daemon) <= before, 30)


def test_an_agent_that_is_started_in_a_namespace_reads_through_it(daemon, postgres):
    done = subprocess.run(["unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh",
                           *daemon.run_command("reporter", "sh", "-c", query(postgres))],
                          capture_output=True, text=True, env=daemon.environment(), timeout=60)
    assert done.stdout == "Ada\nBob\n", done.stderr + daemon.log_text()[-2000:]


def test_a_namespace_that_an_agent_makes_later_is_refused_once_and_then_served(daemon, postgres):
    before = counters(daemon)["netns_without_listener"]
    program = f"""unshare -n sh -c "ip link set lo up
        {query(postgres).replace('"', '')} 2>&1 | grep -c refused
        for attempt in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            {query(postgres)} && exit 0; sleep 0.2; done; exit 1" """
    done = subprocess.run(["sh", "-c", f"echo $$ > {daemon.place.cgroup}/service/cgroup.procs && {program}"],
                          capture_output=True, text=True, env=daemon.environment(), timeout=60)
    assert done.stdout == "1\nAda\nBob\n", done.stdout + done.stderr + daemon.log_text()[-2000:]
    assert counters(daemon)["netns_without_listener"] > before


def test_loopback_there_is_not_the_hosts(daemon, postgres):
    """PostgreSQL listens on 127.0.0.1 of the daemon's namespace, and the policy names that address."""
    done = subprocess.run(["unshare", "-n", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh",
                           *daemon.run_command("reporter", "sh", "-c", query(postgres, "127.0.0.1"))],
                          capture_output=True, text=True, env=daemon.environment(), timeout=60)
    assert done.returncode != 0 and "refused" in done.stderr
    assert counters(daemon)["foreign_loopback"] > 0
    assert daemon.run("reporter", "sh", "-c", query(postgres, "127.0.0.1"), check=True).stdout == "Ada\nBob\n"


def test_a_loopback_that_is_down_is_said(daemon, postgres):
    done = subprocess.run(["unshare", "-n", *daemon.run_command("reporter", "sh", "-c", query(postgres))],
                          capture_output=True, text=True, env=daemon.environment(), timeout=60)
    assert done.returncode != 0 and "unreachable" in done.stderr
    assert daemon.log_text().count("the loopback device of a run's network namespace is down") == 1

# SPDX-License-Identifier: Apache-2.0
"""SIGKILL of the daemon at random moments under load: never a statement on the server that is not in a recording,
never a connection that bypasses, and after a restart everything works. SLUICE_KILLS says how often (default 20),
SLUICE_SEED repeats a run's choices."""
import os
import pathlib
import random
import re
import select
import signal
import time

from support.places import wait_for

KILLS = int(os.environ.get("SLUICE_KILLS", "20"))
WRITERS = 4
LOAD = pathlib.Path(__file__).resolve().parent / "clients" / "load.py"
MARK = re.compile(r"mark-[0-9]+-[0-9]+")


def marks_on_server(postgres, since):
    with open(postgres.log, "rb") as log:
        log.seek(since)
        text = log.read().decode(errors="replace")
    # Parameters of an extended query stand on a line of their own. An ERROR's STATEMENT or CONTEXT line does not count.
    ran = ("LOG:  statement:", "LOG:  execute", "DETAIL:  parameters:")
    return {mark for line in text.splitlines() if any(word in line for word in ran) for mark in MARK.findall(line)}


def is_simple(mark):
    """clients/load.py sends odd ones as simple queries and even ones with parameters."""
    return int(mark.rsplit("-", 1)[1]) % 2 == 1


def wait_for_load(postgres):
    """Until statements of both protocols have run that had not run before."""
    since = postgres.log.stat().st_size

    def both():
        marks = marks_on_server(postgres, since)
        return any(map(is_simple, marks)) and not all(map(is_simple, marks))
    wait_for("the agents to write in both protocols", both, 60)


def wait_for_each(postgres):
    """Until every agent has written: `sluice run` asks the daemon for a run, and one that is being killed gives none."""
    writers = {str(number) for number in range(WRITERS)}
    wait_for("every agent to write", lambda: {mark.split("-")[1] for mark in marks_on_server(postgres, 0)} == writers, 60)


def marks_in_recordings(daemon):
    marks = set()
    for row in daemon.json("sessions")["sessions"]:
        marks.update(MARK.findall(daemon.sluice("replay", row["session"], "--format", "json").stdout))
    return marks


def kill_some(daemon, dice):
    """Both at once as an out-of-memory kill would, or one, which must take the other along."""
    keeper, worker = daemon.process.pid, daemon.worker_pid()
    ending = os.pidfd_open(worker)
    try:
        for pid in dice.choice(((keeper, worker), (keeper,), (worker,))):
            os.kill(pid, signal.SIGKILL)
        daemon.process.wait(20)
        # A supervisor too starts again only when all of a service is gone.
        assert select.select([ending], [], [], 20)[0], "the worker outlives its keeper"
    finally:
        os.close(ending)


def test_no_moment_to_die_lets_a_statement_or_a_connection_escape(daemon, postgres, target):
    seed = int(os.environ.get("SLUICE_SEED", random.randrange(2**32)))
    print(f"seed {seed}")
    dice = random.Random(seed)
    agents = [daemon.spawn("writer", "/usr/bin/python3", LOAD, target, str(number)) for number in range(WRITERS)]
    try:
        wait_for_each(postgres)
        for _ in range(KILLS):
            # Half of the kills come while both protocols are known to run, half at any moment of a start.
            if dice.random() < 0.5:
                wait_for_load(postgres)
            time.sleep(dice.uniform(0.01, 0.4))
            kill_some(daemon, dice)
            time.sleep(dice.uniform(0.0, 0.05))
            daemon.start()
            ended = [agent for agent in agents if agent.poll() is not None]
            assert not ended, f"an agent outlives the daemon: {ended[0].returncode} {ended[0].stderr.read()}"
        # Runs were adopted: the very same agents write again.
        wait_for_load(postgres)
    finally:
        for agent in agents:
            agent.terminate()
        for agent in agents:
            agent.communicate(timeout=30)
    daemon.stop()

    verified = daemon.sluice("verify", check=False)
    assert verified.returncode == 0, verified.stdout
    served, recorded = marks_on_server(postgres, 0), marks_in_recordings(daemon)
    assert served <= recorded, sorted(served - recorded)[:5]
    logins = set(re.findall(r"connection authorized: user=(\S+)", postgres.log_text()))
    assert logins <= {postgres.login, "postgres"}
    assert "user=alice" not in postgres.log_text(), "a connection of an agent reached the server past Sluice"
    print(f"{KILLS} kills, {len(served)} statements on the server, each in a recording; {len(recorded)} recorded")

# SPDX-License-Identifier: Apache-2.0
"""A daemon that cannot do what it promises does not start, and says in one sentence why; a reload that is wrong changes
nothing."""
import os
import pathlib
import re
import shutil
import signal
import subprocess

import pytest
import yaml

from conftest import policy_for
from support.daemon import BUILD, Daemon
from support.places import Place


def start_with(daemon, directory, **settings):
    """A second daemon with places of its own; ends by itself when it refuses to start."""
    config = directory / "sluice.yaml"
    base = yaml.safe_load(daemon.config.read_text())
    config.write_text(yaml.safe_dump({**base, "run_dir": str(directory / "run"), "state_dir": str(directory / "state"),
                                      "pin_dir": f"{base['pin_dir']}-other", **settings}))
    return subprocess.run([BUILD / "sluiced", "--config", config], capture_output=True, text=True, timeout=30)


WRONG = {
    "an unknown key": ("version: 1\nagents: { a: { luanchers: { users: [root] } } }\n", "2:16", "launchers"),
    "an unknown agent": ("version: 1\nagents: { a: {} }\nrules:\n  - { name: x, agents: [b], actions: [read], verdict: allow }\n",
                         "4:25", "'b'"),
    "an unknown verdict": ("version: 1\nagents: { a: {} }\nrules:\n  - { name: x, agents: [a], actions: [read], verdict: alow }\n",
                           "4:55", "allow"),
    "a name twice": ("version: 1\nagents:\n  a: {}\n  a: {}\n", "4:3", "twice"),
    "no YAML": ("version: 1\nagents: [\n", "3:1", ""),
    "no version": ("agents: { a: {} }\n", "1:1", "version"),
}


@pytest.fixture(scope="module", autouse=True)
def no_pins_left(place):
    yield
    shutil.rmtree(f"{place.pin_dir}-other", ignore_errors=True)


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_policy_refuses_to_start_and_names_the_place(daemon, place, what):
    directory = place.dir / re.sub(r"\W", "-", what)
    (directory / "policies").mkdir(parents=True)
    text, position, hint = WRONG[what]
    (directory / "policies" / "p.yaml").write_text(text)
    done = start_with(daemon, directory, policy_dir=str(directory / "policies"))
    assert done.returncode == 1 and "refusing to start" in done.stderr
    assert f"p.yaml:{position}" in done.stderr and hint in done.stderr, done.stderr
    assert not pathlib.Path(f"{place.pin_dir}-other").exists(), "nothing was loaded for it"
    checked = daemon.sluice("policy", "check", directory / "policies", check=False)
    assert checked.returncode == 1 and f"p.yaml:{position}" in checked.stdout + checked.stderr


def test_a_missing_policy_directory_refuses_to_start(daemon, place):
    (place.dir / "none").mkdir()
    done = start_with(daemon, place.dir / "none", policy_dir=str(place.dir / "none" / "policies"))
    assert done.returncode == 1 and "none/policies" in done.stderr and "refusing to start" in done.stderr


def test_a_secrets_directory_that_others_may_write_refuses_to_start(daemon, place):
    (place.dir / "open").mkdir()
    (place.dir / "open" / "secrets").mkdir(mode=0o777)
    (place.dir / "open" / "secrets").chmod(0o777)
    done = start_with(daemon, place.dir / "open", secrets_dir=str(place.dir / "open" / "secrets"))
    assert done.returncode == 1 and "mode 0777" in done.stderr and "chmod go-w" in done.stderr


def test_who_is_not_root_is_told_so(daemon):
    copy = pathlib.Path(daemon.dir / "sluiced-copy")
    copy.write_bytes((BUILD / "sluiced").read_bytes())
    copy.chmod(0o755)
    done = subprocess.run(["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", copy, "--config", daemon.config],
                          capture_output=True, text=True, timeout=30)
    copy.unlink()
    assert done.returncode == 1 and "must be started as root" in done.stderr


def refused_by_its_state(daemon, directory, **settings):
    """Its files are found wrong only by the worker, when the programs are attached already."""
    directory.mkdir()
    (directory / "state").mkdir()
    (directory / "state" / "store").write_text("this is no data base " * 100)
    (directory / "state" / "store").chmod(0o600)
    shutil.chown(directory / "state" / "store", "nobody")
    return start_with(daemon, directory, **settings)


def test_a_first_start_that_is_refused_late_leaves_nothing_in_the_kernel(daemon, place, target):
    cgroup = place.cgroup / "late"
    cgroup.mkdir()
    done = refused_by_its_state(daemon, place.dir / "late", cgroup_root=str(cgroup))
    assert done.returncode == 1 and "refusing to start" in done.stderr and "state/store" in done.stderr, done.stderr
    assert not pathlib.Path(f"{place.pin_dir}-other").exists()
    assert [entry.name for entry in cgroup.iterdir() if entry.is_dir()] == [], "no directory of runs is left"
    assert daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"


def test_a_restart_that_is_refused_leaves_the_enforcement_of_before(place, postgres):
    other = Place("sluice-restart")
    daemon = Daemon(other)
    try:
        daemon.policy(policy_for(postgres, daemon.secret("orders", postgres.password)))
        daemon.start()
        agent = daemon.spawn("reporter", "bash", "-c", f"echo runs; read; (: < /dev/tcp/127.0.0.1/{postgres.port}) 2>&1; read")
        assert agent.stdout.readline() == "runs\n"
        daemon.kill()
        daemon.policy("version: 2\n")
        refused = subprocess.run([BUILD / "sluiced", "--config", daemon.config], capture_output=True, text=True, timeout=30)
        assert refused.returncode == 1 and "refusing to start" in refused.stderr
        out, err = agent.communicate("go\ngo\n", timeout=20)
        assert "onnection refused" in out, f"its agents are refused as before: {out}{err}"
        subprocess.run([BUILD / "sluiced", "--config", daemon.config, "--remove-pins"], check=True, timeout=30)
        assert not other.pin_dir.exists()
    finally:
        daemon.close()
        other.close()


def test_a_secret_that_the_policy_names_and_that_is_not_there_refuses_to_start(daemon, place, postgres):
    directory = place.dir / "secretless"
    (directory / "policies").mkdir(parents=True)
    for name, words in (("missing", ["No such file"]), ("readable", ["mode 0644", "chmod 600"]), ("empty", ["is empty"])):
        file = daemon.secrets_dir / name
        if name != "missing":
            daemon.secret(name, "" if name == "empty" else "x").chmod(0o644 if name == "readable" else 0o600)
        (directory / "policies" / "p.yaml").write_text(policy_for(postgres, file))
        done = start_with(daemon, directory, policy_dir=str(directory / "policies"))
        assert done.returncode == 1 and str(file) in done.stderr and "password_file" in done.stderr, done.stderr
        assert all(word in done.stderr for word in words), done.stderr
        assert not pathlib.Path(f"{place.pin_dir}-other").exists()


def test_a_reload_that_names_a_missing_secret_is_not_taken(daemon, target):
    good = (daemon.policy_dir / "policy.yaml").read_text()
    daemon.policy(good.replace("/secrets/orders", "/secrets/nowhere"))
    try:
        done = daemon.sluice("reload", check=False)
        assert done.returncode == 1 and "the policy in force stays" in done.stderr and "secrets/nowhere" in done.stderr
        assert daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"
    finally:
        daemon.policy(good)


def test_a_start_in_the_moment_of_a_keepers_death_waits_for_it(place, postgres):
    other = Place("sluice-dying")
    daemon = Daemon(other)
    try:
        daemon.policy(policy_for(postgres, daemon.secret("orders", postgres.password)))
        for _ in range(5):
            daemon.start()
            os.kill(daemon.process.pid, signal.SIGKILL)  # and not reaped: a supervisor may be as quick
            dead = daemon.process
            daemon.start()
            dead.wait()
            daemon.kill()
    finally:
        daemon.close()
        other.close()


def test_sluice_reload_says_that_a_wrong_policy_is_not_taken(daemon, target):
    good = (daemon.policy_dir / "policy.yaml").read_text()
    daemon.policy(good.replace("actions: [read", "actions: [raed", 1))
    try:
        done = daemon.sluice("reload", check=False)
        assert done.returncode == 1 and "the policy in force stays" in done.stderr
        assert "policy.yaml:17:" in done.stderr and "\n  hint: did you mean 'read'?" in done.stderr, done.stderr
        assert daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"
        status = daemon.json("status")
        assert "policy.yaml:" in status["policy_error"], "the status shows that the files are not what is in force"
    finally:
        daemon.policy(good)
    daemon.sluice("reload")
    assert daemon.json("status")["policy_error"] == ""


def test_a_reload_takes_a_right_away_from_a_living_connection(daemon, target):
    good = (daemon.policy_dir / "policy.yaml").read_text()
    agent = daemon.spawn("writer", "psql", "-X", "-At", target)
    agent.stdin.write("SELECT 'before';\n")
    agent.stdin.flush()
    assert agent.stdout.readline() == "before\n"
    daemon.policy(good.replace("[read, insert, update, delete, ddl,", "[insert,", 1))
    try:
        daemon.sluice("reload")
        out, err = agent.communicate("SELECT 'after' FROM customers;\n", timeout=30)
        assert "after" not in out and "no policy rule allows" in err
    finally:
        daemon.policy(good)
        daemon.sluice("reload")


def test_nobody_but_root_and_operators_reloads(daemon):
    done = daemon.sluice("reload", user="daemon", check=False)
    assert done.returncode == 1 and "not for you" in done.stderr


def test_commands_say_when_there_is_no_daemon(daemon, place):
    config = place.dir / "nobody.yaml"
    config.write_text(yaml.safe_dump({"run_dir": str(place.dir / "nobody-here")}))
    for command in (["status"], ["approvals"], ["run", "--agent", "reporter", "--", "true"]):
        done = subprocess.run([BUILD / "sluice", "--config", config, *command], capture_output=True, text=True, timeout=30)
        assert done.returncode == 3 and "nobody-here" in done.stderr, done.stderr

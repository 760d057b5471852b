# SPDX-License-Identifier: Apache-2.0
"""What the product says of itself: `sluice doctor`, `require:`, and the word enforcing."""
import json
import pathlib
import re
import subprocess

from conftest import policy_for
from support.daemon import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]


def table_of_the_threat_model():
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (.*?) \|", (ROOT / "THREAT_MODEL.md").read_text(), re.M)
    return [(int(number), id, words) for number, id, words in rows]


def guarantee(report, id):
    return next(row for row in report["guarantees"] if row["id"] == id)


def test_a_living_daemon_tells_what_it_attached_in_the_words_of_the_threat_model(daemon):
    report = daemon.json("doctor")
    assert report["attached"] and report["can_enforce"] and report["missing"] == []
    assert [(row["number"], row["id"], row["guarantee"]) for row in report["guarantees"]] == table_of_the_threat_model()
    assert all(row["held"] for row in report["guarantees"] if row["required"])
    connect = next(row for row in report["checks"] if row["name"] == "connect4")
    cgroup = (daemon.place.cgroup).stat().st_ino
    assert connect["holds"] and f"to cgroup {cgroup}" in connect["detail"], connect
    text = daemon.sluice("doctor").stdout
    assert "enforcing" in text and " 5* held     tcp:" in text
    assert daemon.json("status")["enforcing"]


def test_a_user_who_is_not_root_hears_the_same_from_the_daemon(daemon, postgres):
    daemon.config.chmod(0o644)
    policy = policy_for(postgres, daemon.secrets_dir / "orders")
    daemon.policy(policy.replace("reporter: { launchers: { users: [root] } }", "reporter: { launchers: { users: [root, daemon] } }"))
    daemon.sluice("reload")
    assert daemon.json("doctor", user="daemon") == daemon.json("doctor")


def test_without_a_daemon_who_is_not_root_is_told_what_could_not_be_tried(daemon, place):
    alone = place.dir / "alone.yaml"
    alone.write_text(f"run_dir: {place.dir}/nobody-here\npolicy_dir: {daemon.policy_dir}\n")
    alone.chmod(0o644)
    command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", BUILD / "sluice", "--config", alone, "doctor"]
    done = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=60)
    report = json.loads(done.stdout)
    assert done.returncode == 1 and not report["can_enforce"] and not report["attached"]
    assert guarantee(report, "tcp")["state"] == "unknown"
    assert "could not be tried" in guarantee(report, "tcp")["why_not"]
    assert guarantee(report, "masking")["state"] == "held"
    assert "enforcing" not in subprocess.run(command, capture_output=True, text=True, timeout=60).stdout


def missing_here(daemon):
    """A guarantee that this host does not hold, with the daemon's reason; there is none only where all are held."""
    rows = [row for row in daemon.json("doctor")["guarantees"] if not row["held"]]
    assert rows, "every guarantee is held here: this test needs a host that lacks one"
    return rows[-1]


def test_a_policy_that_requires_what_is_not_held_is_refused_at_a_reload_and_at_a_start(daemon, place, postgres):
    row = missing_here(daemon)
    good = policy_for(postgres, daemon.secrets_dir / "orders")
    daemon.policy(good + f"require: [{row['id']}]\n")
    refused = daemon.sluice("reload", check=False)
    assert refused.returncode == 1 and f"'{row['id']}'" in refused.stderr and row["why_not"] in refused.stderr, refused.stderr
    assert daemon.json("doctor")["can_enforce"], "the policy before it stays"
    assert daemon.sluice("policy", "check", daemon.policy_dir).returncode == 0

    daemon.stop()
    alone = daemon.sluice("doctor", check=False)
    assert alone.returncode == 1 and f"missing: guarantee {row['number']}, '{row['id']}'" in alone.stdout
    assert "enforcing" not in alone.stdout
    done = subprocess.run([BUILD / "sluiced", "--config", daemon.config], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "refusing to start" in done.stderr
    assert f"guarantee {row['number']}, '{row['id']}'" in done.stderr and row["why_not"] in done.stderr

    daemon.policy(good)
    daemon.start()


def test_a_word_that_is_no_guarantee_is_an_error_with_its_place(daemon, place):
    directory = place.dir / "misspelt"
    directory.mkdir()
    (directory / "p.yaml").write_text("version: 1\nrequire: [tcp, unix_socket]\n")
    done = daemon.sluice("policy", "check", directory, check=False)
    assert done.returncode == 1 and "p.yaml:2:16: error:" in done.stdout + done.stderr
    assert "sluice doctor" in done.stdout + done.stderr

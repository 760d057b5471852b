# SPDX-License-Identifier: Apache-2.0
"""What is wrong is said in a sentence, and nothing wrong takes the daemon down."""
import signal
import subprocess

import pytest
import yaml

from support.daemon import BUILD
from support.places import cgroup2_mount, wait_for

HOSTILE = """
import os, socket, struct, sys
payloads = [os.urandom(4096), struct.pack('!i', 0x7fffffff) + b'x' * 65536, struct.pack('!i', -1) * 100, b'\\0\\0',
            struct.pack('!ii', 8, 196608), b'GET / HTTP/1.1\\r\\n\\r\\n' * 100,
            struct.pack('!ii', 4 + 4 + 20, 196608) + b'user\\0alice\\0database\\0']
for payload in payloads:
    with socket.create_connection(('127.0.0.1', int(sys.argv[1])), 10) as s:
        s.settimeout(10)
        try:
            s.sendall(payload)
            s.shutdown(socket.SHUT_WR)
            while s.recv(65536):
                pass
        except ConnectionError:
            pass
print('closed', len(payloads))
"""


@pytest.mark.parametrize("settings, words", [
    ({"cgroup_root": str(cgroup2_mount() / "there-is-no-such")}, ["there-is-no-such"]),
    ({"worker_user": "there-is-no-such"}, ["worker_user", "there-is-no-such", "useradd"]),
    ({"worker_user": "root"}, ["worker_user", "must not be root"]),
    ({"color": "blue"}, ["color", "is not known", "sluice.yaml:"]),
])
def test_a_wrong_setting_refuses_to_start(place, postgres, daemon, tmp_path_factory, settings, words):
    config = tmp_path_factory.mktemp("config") / "sluice.yaml"
    config.write_text(yaml.safe_dump({**yaml.safe_load(daemon.config.read_text()), "run_dir": str(config.parent / "run"),
                                      "state_dir": str(config.parent / "state"),
                                      "pin_dir": f"{place.pin_dir}-other", **settings}))
    done = subprocess.run([BUILD / "sluiced", "--config", config], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0
    for word in words:
        assert word in done.stderr


def test_a_second_daemon_on_the_same_run_dir_refuses_to_start_and_leaves_the_first_as_it_is(daemon, target):
    done = subprocess.run([BUILD / "sluiced", "--config", daemon.config], capture_output=True, text=True, timeout=30)
    assert done.returncode != 0 and "another sluiced serves" in done.stderr
    served = daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1")
    assert served.stdout == "1\n", served.stderr


def test_a_wrong_policy_at_reload_keeps_the_old_one(daemon, postgres, target):
    good = (daemon.policy_dir / "policy.yaml").read_text()
    daemon.policy(good.replace("verdict: allow", "verdict: allwo", 1))
    daemon.process.send_signal(signal.SIGHUP)
    try:
        wait_for("the refusal", lambda: "the policy in force stays" in daemon.log_text())
        assert "policy.yaml:" in daemon.log_text() and "allwo" in daemon.log_text()
        done = daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1")
        assert done.stdout == "1\n", done.stderr
    finally:
        daemon.policy(good)


def test_hostile_bytes_of_an_agent_close_their_flow_only(daemon, postgres, target):
    done = daemon.run("reporter", "/usr/bin/python3", "-c", HOSTILE, postgres.port, check=True)
    assert done.stdout == "closed 7\n"
    assert daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"
    assert daemon.sluice("verify").returncode == 0


def test_an_upstream_that_is_down_is_a_true_error(daemon, postgres, target):
    postgres.stop()
    try:
        done = daemon.run("reporter", "psql", "-X", target, "-c", "SELECT 1")
        assert done.returncode == 2 and "error" in (done.stderr + done.stdout).lower()
    finally:
        postgres.start(schema=None)
    assert daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"

# SPDX-License-Identifier: Apache-2.0
"""`sluiced --remove-pins` leaves nothing of ours in the kernel: no program, link or map, no pin, no cgroup."""
import json
import subprocess

from conftest import policy_for
from support.daemon import BUILD, Daemon
from support.places import wait_for


def bpftool(*words):
    done = subprocess.run(["bpftool", "-j", *map(str, words)], capture_output=True, text=True)
    return json.loads(done.stdout) if done.returncode == 0 and done.stdout.strip() else None


def living(kind):
    return {row["id"] for row in bpftool(kind, "show") or []}


def ours(pin_dir):
    """Ids of everything that hangs on our pins; other tests' objects are not among them."""
    found = {"map": set(), "link": set(), "prog": set()}
    for pin in (pin_dir / "maps").iterdir():
        found["map"].add(bpftool("map", "show", "pinned", pin)["id"])
    for pin in (pin_dir / "links").iterdir():
        link = bpftool("link", "show", "pinned", pin)
        found["link"].add(link["id"])
        found["prog"].add(link["prog_id"])
    for program in found["prog"]:
        found["map"].update(bpftool("prog", "show", "id", program)["map_ids"])
    return found


def test_nothing_is_left_in_the_kernel(place, postgres, target):
    daemon = Daemon(place)
    try:
        daemon.policy(policy_for(postgres, daemon.secret("orders", postgres.password)))
        daemon.start()
        assert daemon.run("reporter", "psql", "-X", "-At", target, "-c", "SELECT 1").stdout == "1\n"
        daemon.replace().wait(60)
        wait_for("the run to end", lambda: daemon.json("status")["runs_living"] == 0)
        agent = daemon.spawn("reporter", "cat")
        wait_for("a run", lambda: daemon.json("status")["runs_living"] == 1)
        mine = ours(place.pin_dir)
        assert len(mine["prog"]) >= 9 and len(mine["map"]) >= 9
        for kind, ids in mine.items():
            assert ids <= living(kind)
        agent.communicate("", timeout=20)
        wait_for("the run to end", lambda: daemon.json("status")["runs_living"] == 0)
        assert daemon.stop() == 0
        for kind, ids in mine.items():
            assert ids <= living(kind), f"a {kind} went with the daemon: what is left to refuse?"
        subprocess.run([BUILD / "sluiced", "--config", daemon.config, "--remove-pins"], check=True, timeout=30)
        for kind, ids in mine.items():
            wait_for(f"every {kind} to go", lambda: not ids & living(kind))
        assert not place.pin_dir.exists()
        assert [entry.name for entry in place.cgroup.iterdir() if entry.is_dir()] == []
    finally:
        daemon.close()

# SPDX-License-Identifier: Apache-2.0
"""The BPF LSM layer over the life of its daemons, in a guest: an enrolled agent asks again and again for what only that layer
refuses, while a daemon hands over, crashes, is started again and stops. Ends with 0 where no request got through, and the
layer went with its pins."""
import json
import os
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TOP / "tests"))

from support.daemon import BUILD, Daemon  # noqa: E402
from support.places import Place, cgroup2_mount, wait_for  # noqa: E402

POLICY = """\
version: 1
agents: {{ enrolled: {{ match: {{ cgroup: {cgroup} }} }} }}
resources: {{ nowhere: {{ protocol: tcp, address: ["127.0.0.1:9"] }} }}
rules: [{{ name: all, agents: [enrolled], resources: [nowhere], actions: [connect], verdict: allow }}]
"""
GUARANTEES = ("foreign_sockets", "other_families", "tamper_guard")

# Counts what got through from the first refusal on; answers each line that it reads with both numbers.
AGENT = """
import select, socket, sys
through = refused = 0
while True:
    try:
        socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM).close()
        through += refused > 0
    except OSError:
        refused += 1
    if select.select([sys.stdin], [], [], 0.02)[0]:
        if not sys.stdin.readline():
            break
        print(through, refused, flush=True)
"""


def agent_in(cgroup):
    procs = cgroup / "cgroup.procs"
    return subprocess.Popen([sys.executable, "-B", "-c", AGENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                            preexec_fn=lambda: procs.write_text(str(os.getpid())))


def numbers(agent):
    agent.stdin.write("\n")
    agent.stdin.flush()
    return tuple(map(int, agent.stdout.readline().split()))


def must_hold(daemon, agent, when):
    before = numbers(agent)[1]
    wait_for(f"requests after {when}", lambda: numbers(agent)[1] > before + 20, 60)
    through, refused = numbers(agent)
    if through:
        raise SystemExit(f"after {when} {through} requests had got through, {refused} were refused")
    print(f"after {when}: 0 through, {refused} refused", flush=True)


def says_held(daemon):
    said = json.loads(daemon.sluice("doctor", "--json", check=False).stdout)
    found = {row["id"]: row["state"] for row in said["guarantees"]}
    wrong = {name: found.get(name) for name in GUARANTEES if found.get(name) != "held"}
    if wrong:
        raise SystemExit(f"doctor says {wrong}; {daemon.log_text()[-2000:]}")


def main():
    place = Place("sluice-life")
    enrolled = place.cgroup / "enrolled"
    enrolled.mkdir()
    daemon = Daemon(place, cgroup_root=str(cgroup2_mount()))
    daemon.policy(POLICY.format(cgroup=place.cgroup_path("enrolled")))
    agent = None
    try:
        daemon.start()
        says_held(daemon)
        agent = agent_in(enrolled)
        wait_for("the agent to be known", lambda: numbers(agent)[1] > 0, 60)
        must_hold(daemon, agent, "enrolment")
        daemon.replace().wait(120)
        says_held(daemon)
        must_hold(daemon, agent, "a hand-over")
        daemon.kill()
        must_hold(daemon, agent, "a crash")
        daemon.start()
        says_held(daemon)
        must_hold(daemon, agent, "a start over the crash")
        if daemon.stop() != 0:
            raise SystemExit("the daemon did not stop cleanly")
        must_hold(daemon, agent, "a stop")
        subprocess.run([BUILD / "sluiced", "--config", daemon.config, "--remove-pins"], check=True, timeout=120)
        if place.pin_dir.exists():
            raise SystemExit(f"{place.pin_dir} is still there")
        wait_for("the layer to go", lambda: numbers(agent)[0] > 0, 60)
        print("after --remove-pins: it went", flush=True)
        return 0
    finally:
        if agent:
            agent.kill()
            agent.communicate()
        daemon.close()
        place.close()


if __name__ == "__main__":
    sys.exit(main())

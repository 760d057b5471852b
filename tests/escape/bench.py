# SPDX-License-Identifier: Apache-2.0
"""One sluiced, the canaries, and an agent in each mode; judges what each case came to."""
import json
import os
import pathlib
import pwd
import secrets
import select
import shutil
import signal
import subprocess

from support.daemon import BUILD, Daemon
from support.kernel_counters import KernelCounters
from support.places import Place, cgroup2_mount, wait_for

from .outside import Outside
from .take_away import StandIns, detach, is_lsm, taken_away

AGENT_USER = "games"  # any ordinary account; not the worker's own
CASE_MS = int(os.environ.get("ESCAPE_CASE_MS", "15000"))
HEARTBEAT_MS = CASE_MS // 3  # in a slow guest a healthy daemon may take its time

AUDIT_SECONDS = 10
NOT_A_REASON = ("closed", "connect_failed", "direct", "event_lost")
# What is not built into a kernel is held on it, whatever the table says of kernels that have it.
NOT_IN_THIS_KERNEL = ("EAFNOSUPPORT", "EPROTONOSUPPORT", "ENOSYS", "ENODEV", "ESOCKTNOSUPPORT")

POLICY = """\
version: 1
agents:
  # Accomplices outside must be within reach.
  launched: {{ launchers: {{ users: [root] }}, unix_direct: ["{ESCAPE_FD_SERVER}", "{ESCAPE_ACCOMPLICE}"] }}
  enrolled: {{ match: {{ cgroup: {enrolled} }}, unix_direct: ["{ESCAPE_FD_SERVER}", "{ESCAPE_ACCOMPLICE}"] }}
resources:
  orders:
    protocol: postgres
    address: ["127.0.0.1:{ESCAPE_DATABASE}"]
    upstream_tls: disable
    login: {{ user: nobody, password_file: {secret} }}
  mirror: {{ protocol: tcp, address: ["127.0.0.1:{ESCAPE_DIRECT}"] }}
  behind: {{ protocol: tcp, address: ["unix:{ESCAPE_UNIX_RESOURCE}"] }}
  resolver: {{ protocol: dns, address: ["127.0.0.1:{ESCAPE_RESOLVER}"] }}
rules:
  - {{ name: reads, agents: [launched, enrolled], resources: [orders], actions: [read], verdict: allow }}
  - {{ name: unread, agents: [launched, enrolled], resources: [mirror, behind, resolver], actions: [connect], verdict: allow }}
"""


class Bench:
    def __init__(self, root_cgroup=False, with_daemon=True):
        self.root_cgroup = root_cgroup
        self.with_daemon = with_daemon

    def __enter__(self):
        self.place = Place("sluice-escape")
        self.scratch = self.place.dir / "scratch"
        self.agent = self.victim = self.counters = None
        self.daemon_settings = {}
        try:
            self._set_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _set_up(self):
        (self.place.cgroup / "enrolled").mkdir()
        (self.place.cgroup / "outside").mkdir()
        self.program = self.place.dir / "escape"
        shutil.copy(BUILD / "escape/escape", self.program)
        self.setuid_program = self.place.dir / "escape-setuid"
        shutil.copy(self.program, self.setuid_program)
        self.setuid_program.chmod(0o4755)
        self.scratch.mkdir()
        self.scratch.chmod(0o1777)
        # A bpffs of its own, so that a case may try to unmount it.
        self.place.pin_dir = self.place.dir / "bpf" / "pins"
        self.outside = Outside(self.place.dir)
        self.outside.settings["ESCAPE_OUTSIDE_CGROUP"] = str(self.place.cgroup / "outside")
        if not self.with_daemon:
            return
        cgroup = {"cgroup_root": str(cgroup2_mount())} if self.root_cgroup else {}
        self.daemon = Daemon(self.place, heartbeat_limit_ms=HEARTBEAT_MS, **cgroup)
        self.daemon.policy(POLICY.format(enrolled=self.place.cgroup_path("enrolled"),
                                         secret=self.daemon.secret("orders", "made-up"), **self.outside.settings))
        self._start_daemon()
        self.pins = self.link_names()

    def _start_daemon(self):
        self.daemon.start()
        self.daemon_settings = self._read_daemon_settings()
        if self.counters:
            self.counters.close()
        self.counters = KernelCounters(self.place.pin_dir)

    def __exit__(self, *_):
        self._end_agent()
        for name in ("daemon", "outside"):
            if hasattr(self, name):
                getattr(self, name).close()
        if self.counters:
            self.counters.close()
        subprocess.run(["umount", "-l", self.place.dir / "bpf"], capture_output=True)
        self.place.close()

    def built_cases(self):
        return subprocess.run([self.program, "--list"], capture_output=True, text=True, check=True).stdout.split()

    def link_names(self):
        links = self.place.pin_dir / "links"
        return sorted(link.name for link in links.iterdir()) if links.is_dir() else []

    # --- the agent of a mode ----------------------------------------------------------------------------------------------
    def _start_agent(self, mode, settings=None):
        self.victim = subprocess.Popen([self.program, "--victim"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       env={**os.environ, **self.outside.settings},
                                       start_new_session=True, **as_user(mode))
        victim = json.loads(self.victim.stdout.readline())
        self.inherited = self.outside.sockets_to_inherit()
        environment = {**os.environ, **self.outside.settings, **self.daemon_settings, **{
            "ESCAPE_HEARTBEAT_MS": str(HEARTBEAT_MS),
            "ESCAPE_PIN_DIR": str(self.place.pin_dir),
            "ESCAPE_PIN_MOUNT": str(self.place.pin_dir.parent),
            "ESCAPE_SCRATCH": str(self.scratch),
            "ESCAPE_SETUID_PROGRAM": str(self.setuid_program),
            "ESCAPE_CGROUP_MOUNT": str(cgroup2_mount()),
            "ESCAPE_OUTSIDE_CGROUP_PATH": str((self.place.cgroup / "outside").relative_to(cgroup2_mount())),
            "ESCAPE_VICTIM_PID": str(victim["pid"]),
            "ESCAPE_VICTIM_FD": str(victim["fd"]),
            "ESCAPE_VICTIM_ADDRESS": victim["address"],
            **{name: str(made.fileno()) for name, made in self.inherited.items()},
            "ESCAPE_MODE": mode}, **(settings or {})}
        command = [str(self.program), "--agent", str(CASE_MS)]
        enter = None
        if mode in ("enrolled", "control"):
            procs = self.place.cgroup / "enrolled" / "cgroup.procs"
            enter = lambda: procs.write_text(str(os.getpid()))  # noqa: E731
        else:
            command = self.daemon.run_command("launched", *command, options=["--user", AGENT_USER] if mode == "user" else [])
        self.agent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                      env=environment, preexec_fn=enter, cwd=self.place.dir,
                                      pass_fds=[made.fileno() for made in self.inherited.values()])
        self._read_agent(60)

    def _read_daemon_settings(self):
        return {**self.daemon.environment(),
                "ESCAPE_LISTENER": self.daemon.json("status")["listeners"][0].rpartition(":")[2],
                "ESCAPE_SECRET_FILE": str(self.daemon.secrets_dir / "orders"),
                "ESCAPE_POLICY_FILE": str(self.daemon.policy_dir / "policy.yaml"),
                "ESCAPE_KEEPER_PID": str(self.daemon.process.pid),
                "ESCAPE_WORKER_PID": str(self.daemon.worker_pid())}

    def _end_agent(self):
        for process in (self.agent, self.victim):
            if process is None:
                continue
            process.kill()
            process.communicate()
        self.agent = self.victim = None
        if os.path.ismount(self.scratch):  # a case that got through, and may not undo it
            subprocess.run(["umount", "-l", self.scratch], check=True)

    def _read_agent(self, seconds):
        ready, _, _ = select.select([self.agent.stdout], [], [], seconds)
        line = self.agent.stdout.readline() if ready else ""
        if not line:
            self.agent.kill()
            log = self.daemon.log_text()[-2000:] if self.with_daemon else ""
            raise RuntimeError(f"the agent does not answer: {self.agent.stderr.read()}\n{log}")
        return json.loads(line)

    def _ask_victim(self):
        self.victim.stdin.write("look\n")
        self.victim.stdin.flush()
        self.victim.stdout.readline()

    # --- cases --------------------------------------------------------------------------------------------------------------
    def run(self, table, cases, mode):
        """A row for each case."""
        self._start_agent(mode)
        self.outside.arrived("tok-none")
        rows = []
        for case in cases:
            rows.append(self._run_case(case, mode, table.active(self.link_names(), self.root_cgroup)))
            if self._mend(broken=case.breaks and rows[-1]["held"] == "no"):
                self._end_agent()
                self._start_agent(mode)
                self.outside.arrived("tok-none")
        self._end_agent()
        return rows

    def control(self, cases):
        """Runs cases where nothing holds them; a row is right where its canary was reached, or the kernel itself refuses."""
        self._start_agent("control")
        self.outside.arrived("tok-none")
        rows = [self._run_case(case, "control", {"kernel"}) for case in cases]
        self._end_agent()
        return rows

    def mutate(self, table, cases, link):
        """Runs cases, takes one program away, and runs them again: pairs of rows."""
        if is_lsm(link):
            return self._mutate_lsm(table, cases, link)
        self._mend(broken=False)
        self._start_agent("enrolled")
        before = self._judged_alone(table, cases)
        detach(self.place.pin_dir / "links" / link)
        after = self._judged_alone(table, cases)
        self._end_agent()
        self._mend(broken=True)
        return list(zip(before, after))

    def _mutate_lsm(self, table, cases, link):
        if self.link_names() != self.pins:
            self._mend(broken=True)
        if self.daemon.process.poll() is None:
            self.daemon.kill()
        with StandIns(self.place.pin_dir) as stand_ins:
            self._start_agent("enrolled", stand_ins.settings())
            before = self._judged_alone(table, cases)
            with taken_away(self.place.pin_dir / "links" / link):
                after = self._judged_alone(table, cases)
            self._end_agent()
        return list(zip(before, after))

    def _judged_alone(self, table, cases):
        self.outside.arrived("tok-none")
        active = table.active(self.pins, self.root_cgroup)
        return [self._run_case(case, "enrolled", active) for case in cases]

    def _run_case(self, case, mode, active):
        before = self._counts()
        token = "tok-" + secrets.token_hex(8)
        audited = self._closes() if case.oracle == "audit" else 0
        self.outside.inbound_port = self._inbound_port(case.inbound) if case.inbound else None
        self.outside.barrier()
        self.agent.stdin.write(f"{case.name} {token}\n")
        self.agent.stdin.flush()
        answer = self._read_agent(CASE_MS / 1000 + 30)
        self.outside.inbound_port = None
        self.outside.run_spools()
        self._ask_victim()
        arrived = self.outside.arrived(token)
        after = self._counts()
        reasons = [name for name in after if after[name] > before.get(name, 0) and name not in NOT_A_REASON]
        if case.oracle == "audit" and answer["line"]:
            answer["line"]["passed"] = not self._audit_grows(audited)
        return judge(case, mode, active, answer, arrived, reasons)

    def _inbound_port(self, name):
        if name in self.inherited:
            return self.inherited[name].getsockname()[1]
        return int(self.outside.settings[name])

    def _counts(self):
        """Nothing where the pins are gone: the case before may have taken them."""
        if not self.with_daemon:
            return {}
        try:
            return self.counters.read()
        except OSError:
            return {}

    # --- the audit ----------------------------------------------------------------------------------------------------------
    def _closes(self):
        """Audited ends of datagram sockets to the resolver."""
        audit = self.daemon.state_dir / "audit.jsonl"
        port = ":" + self.outside.settings["ESCAPE_RESOLVER"]
        lines = audit.read_text().splitlines() if audit.exists() else []
        return sum(1 for line in lines if port in line and '"closed"' in line)

    def _audit_grows(self, before):
        try:
            return wait_for("the close to be audited", lambda: self._closes() > before, AUDIT_SECONDS)
        except TimeoutError:
            return False

    def _mend(self, broken):
        """Puts back what a case has broken; true where the agent must be started anew."""
        alive = self.daemon.process.poll() is None
        if alive and not broken and self.link_names() == self.pins:
            return False
        if alive:
            self.daemon.stop()
        shutil.rmtree(self.place.pin_dir, ignore_errors=True)
        self._start_daemon()
        return True


def as_user(mode):
    """For Popen: everything that makes a process the agent's own user's."""
    if mode != "user":
        return {}
    account = pwd.getpwnam(AGENT_USER)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def judge(case, mode, active, answer, arrived, reasons):
    line = answer["line"] or {}
    holders = case.holders(mode, active)
    broken = broken_because(answer, line)
    passed = bool(arrived) if case.oracle == "canary" else bool(line.get("passed")) or bool(arrived)
    got = line.get("got") or (signal.Signals(answer["signal"]).name if answer["signal"] else "nothing")
    if arrived:
        got += ", reached " + " ".join(where.removeprefix("ESCAPE_").lower() for where in arrived)
    wrong = broken
    if not wrong and passed and holders:
        wrong = "it should be held by " + " or ".join(holders)
    if not passed and not holders and got in NOT_IN_THIS_KERNEL:
        holders = ["kernel"]
    if not wrong and not passed and not holders:
        wrong = "it is held, but listed as open; say in cases.yaml by what"
    if not wrong and passed and case.open is None:
        wrong = "it is open, and cases.yaml names no line of THREAT_MODEL.md"
    return {"case": case.name, "mode": mode, "from": case.about, "tried": line.get("tried", "?"), "got": got,
            "held": "no" if passed else "yes", "by": "-" if passed else by_what(holders, reasons),
            "expected": "held" if holders else "open", "open": case.open, "right": not wrong, "wrong": wrong}


def by_what(holders, reasons):
    """What the kernel side counted while the case ran is what held it; where it counted nothing, what is listed."""
    if not reasons:
        return "/".join(word for word in holders if word != "cgroup") or "/".join(holders) or "?"
    return "cgroup: " + " ".join(reasons)


def broken_because(answer, line):
    """A case that did not say what happened proves nothing."""
    if answer["timeout"]:
        return "the case did not end in time"
    if "broken" in line:
        return line["broken"]
    if answer["signal"] not in (0, signal.SIGSYS):
        return f"the case died by {signal.Signals(answer['signal']).name}"
    if not answer["signal"] and not line:
        return f"the case said nothing and ended with {answer['status']}"
    return ""

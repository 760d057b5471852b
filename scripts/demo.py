# SPDX-License-Identifier: Apache-2.0
"""The demo: each step says in one line what must happen, shows it, and ends the demo if it does not."""
import contextlib
import os
import pathlib
import shlex
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests"))

from support.daemon import Daemon  # noqa: E402
from support.places import Place  # noqa: E402
from support.postgres import Postgres  # noqa: E402

POLICY = """\
version: 1
agents:
  reporter: {{ launchers: {{ users: [root] }} }}
resources:
  orders:
    protocol: postgres
    address: ["localhost:{port}"]
    upstream_tls: verify-full
    upstream_ca: {ca}
    login: {{ user: {login}, password_file: {secret} }}
    sensitive:
      - {{ column: public.customers.ssn, mask: redact }}
      - {{ column: "*.*.email", mask: partial }}
      - {{ detect: [credit_card, us_ssn], mask: redact }}
rules:
  - {{ name: reads, agents: [reporter], resources: [orders], actions: [read, transaction], verdict: allow }}
  - name: changes need a person
    agents: [reporter]
    resources: [orders]
    actions: [insert, update, delete]
    verdict: hold
    approvers: {{ users: [root] }}
    timeout: 2m
  - {{ name: never a whole table, actions: [update, delete], when: {{ unbounded: true }}, verdict: deny, message: name the rows }}
  - {{ name: never the host, actions: [host, grant, unknown], verdict: deny }}
"""

COLOUR = sys.stdout.isatty()


def paint(code, text):
    return f"\x1b[{code}m{text}\x1b[0m" if COLOUR else text


class NotAsSaid(Exception):
    pass


class Demo:
    def __init__(self, daemon, postgres):
        self.daemon, self.postgres, self.steps = daemon, postgres, 0

    def step(self, text):
        self.steps += 1
        print("\n" + paint("1", f"{self.steps}. {text}"), flush=True)

    def show(self, command, output):
        print(paint("36", f"   $ {command}"))
        for line in output.rstrip().splitlines():
            print(f"   {line}")
        sys.stdout.flush()

    def must(self, condition, what):
        if not condition:
            raise NotAsSaid(what)

    def psql(self, *statements):
        """The agent's own psql: the server's real address, and a password that means nothing."""
        arguments = ["psql", "-X", "-P", "pager=off", f"host=localhost port={self.postgres.port} user=alice dbname=shop"]
        for statement in statements:
            arguments += ["-c", statement]
        return arguments

    def shown(self, *statements):
        return ("sluice run --agent reporter -- psql -h localhost shop "
                + " ".join(f'-c "{statement}"' for statement in statements))

    def agent(self, *statements):
        done = self.daemon.run("reporter", *self.psql(*statements))
        self.show(self.shown(*statements), done.stdout + done.stderr)
        return done

    def held(self, statement, decide):
        """Starts the statement as an agent, lets a second terminal decide, and returns what the agent saw."""
        agent = self.daemon.spawn("reporter", *self.psql(statement))
        try:
            ticket = self.daemon.ticket()["ticket"]
            self.show("sluice approvals", self.daemon.sluice("approvals").stdout)
            decision = decide(ticket)
            self.show("sluice " + shlex.join(decision), self.daemon.sluice(*decision).stdout)
            out, err = agent.communicate(timeout=30)
        finally:
            if agent.poll() is None:
                agent.kill()
                agent.communicate()
        self.show(self.shown(statement), err + out)
        return agent.returncode, out, err

    # --- the steps ----------------------------------------------------------------------------------------------------
    def masked_read(self):
        self.step("An agent reads. It has no account on the server; sensitive columns come masked.")
        done = self.agent("SELECT id, name, email, ssn FROM customers")
        self.must(done.returncode == 0 and "Ada" in done.stdout, "the read works")
        self.must("078-05-1120" not in done.stdout and "[redacted]" in done.stdout, "ssn is masked")
        self.must("ada@example.com" not in done.stdout, "email is masked")

    def forbidden(self):
        self.step("A whole table is not to be deleted: refused before a byte of it reaches the server.")
        done = self.agent("DELETE FROM customers")
        self.must(done.returncode != 0 and "never a whole table" in done.stderr, "the refusal names the rule")
        self.must("DELETE FROM customers" not in self.postgres.log_text(), "the server never saw it")

    def approved(self):
        self.step("A change is held. A second terminal approves it; what was approved is what runs.")
        code, _, err = self.held("UPDATE orders SET item = 'lamp, blue' WHERE id = 1",
                                 lambda ticket: ["approve", ticket, "--note", "checked with sales"])
        self.must(code == 0 and "held for approval" in err, "the agent was told that it waits, and then it ran")
        item = self.postgres.sql("SELECT item FROM orders WHERE id = 1", database="shop")
        self.must(item == "lamp, blue", "the row is changed")

    def denied(self):
        self.step("Another change is held, and denied.")
        code, _, err = self.held("DELETE FROM orders WHERE id = 2",
                                 lambda ticket: ["deny", ticket, "--reason", "the order is paid"])
        self.must(code != 0 and "the order is paid" in err, "the agent is told why")
        self.must("DELETE FROM orders" not in self.postgres.log_text(), "the server never saw it")

    def transaction(self):
        self.step("A refusal inside a transaction aborts it, at the server too; after ROLLBACK the session goes on.")
        done = self.agent("BEGIN", "DELETE FROM orders", "SELECT 1 AS still_aborted", "ROLLBACK", "SELECT 1 AS works_again")
        self.must("never a whole table" in done.stderr, "refused")
        self.must("current transaction is aborted" in done.stderr, "the transaction is aborted")
        self.must("works_again" in done.stdout, "and the connection lives")

    def recordings(self):
        self.step("Everything is recorded, as the agent saw it, and the recording proves itself.")
        sessions = self.daemon.sluice("sessions")
        self.show("sluice sessions", sessions.stdout)
        rows = self.daemon.json("sessions")["sessions"]
        held = [row for row in rows if row["held"]]
        self.must(held, "the held session is listed")
        replay = self.daemon.sluice("replay", held[0]["session"])
        self.show(f"sluice replay {held[0]['session']}", replay.stdout)
        self.must("checked with sales" in replay.stdout, "the approval is in the replay")
        verify = self.daemon.sluice("verify")
        self.show("sluice verify", verify.stdout)
        # The blocks of a recording are compressed: what stands in them is looked for in the replays.
        everything = self.daemon.recordings_text() + self.daemon.log_text()
        for row in rows:
            everything += self.daemon.sluice("replay", row["session"], "--format", "json").stdout
        self.must("[redacted]" in everything, "the recordings were read")
        self.must(self.postgres.password not in everything, "no credential is in anything that was written")
        self.must("078-05-1120" not in everything, "no unmasked value is in anything that was written")

    def killed(self):
        self.step("The daemon is killed. A living agent's next connection fails; a process outside any run is untouched.")
        waiting = self.daemon.spawn("reporter", "sh", "-c", 'echo started; read go; exec "$@"', "sh",
                                    *self.psql("SELECT 1"))
        try:
            self.must(waiting.stdout.readline() == "started\n", "the agent runs")
            self.daemon.kill()
            out, err = waiting.communicate("go\n", timeout=30)
        finally:
            if waiting.poll() is None:
                waiting.kill()
                waiting.communicate()
        self.show("kill -9 sluiced; then, in the run: psql -h localhost shop -c 'SELECT 1'", out + err)
        self.must(waiting.returncode != 0 and "Connection refused" in err, "the agent is refused")
        outside = subprocess.run(
            ["psql", "-X", "-At", f"host=localhost port={self.postgres.port} user={self.postgres.login} dbname=shop",
             "-c", "SELECT 'outside any run: ' || count(*) || ' orders' FROM orders"],
            capture_output=True, text=True, env={**os.environ, "PGPASSWORD": self.postgres.password})
        self.show("psql, by a person outside any run", outside.stdout + outside.stderr)
        self.must(outside.returncode == 0, "the person is not affected")

    def run(self):
        for step in (self.masked_read, self.forbidden, self.approved, self.denied, self.transaction, self.recordings,
                     self.killed):
            step()


STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ignore_stops():
    """No signal may stop the cleaning up."""
    for each in STOPS:
        signal.signal(each, signal.SIG_IGN)


def stopped(number, _):
    ignore_stops()
    sys.exit(128 + number)


def show_all(undo):
    # Held back until the place is sure to be removed.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    place = Place("sluice-demo")
    undo.callback(place.close)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    postgres = Postgres(place.dir)
    undo.callback(postgres.stop)
    postgres.start()
    daemon = Daemon(place)
    undo.callback(daemon.close)
    daemon.policy(POLICY.format(port=postgres.port, ca=postgres.ca, login=postgres.login,
                                secret=daemon.secret("orders", postgres.password)))
    demo = Demo(daemon, postgres)
    try:
        daemon.start()
        demo.run()
    except (NotAsSaid, RuntimeError, TimeoutError, subprocess.TimeoutExpired) as wrong:
        print("\n" + paint("31", f"NOT AS SAID in step {demo.steps}: {wrong}"), file=sys.stderr)
        if daemon.log.exists():
            print(daemon.log_text()[-3000:], file=sys.stderr)
        return 1
    print("\n" + paint("32", f"All {demo.steps} steps went as said."))
    return 0


def main():
    for each in STOPS:
        signal.signal(each, stopped)
    # Each thing is undone, whatever happened to the one after it.
    with contextlib.ExitStack() as undo:
        try:
            return show_all(undo)
        finally:
            ignore_stops()


sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""One real PostgreSQL, the peers in front of it, and a daemon with policy, masking, detectors and recording on."""
import os
import subprocess

from peers import Haproxy, Pgbouncer
from support.daemon import Daemon
from support.places import Place, wait_for
from support.postgres import Postgres

POLICY = """
version: 1
agents:
  bench: {{ launchers: {{ users: [root] }} }}
resources:
  shop:
    protocol: postgres
    address: ["127.0.0.1:{port}"]
    upstream_tls: disable
    login: {{ user: {login}, password_file: {password} }}
    sensitive:
      - {{ column: public.customers.ssn, mask: redact }}
      - {{ column: "*.*.email", mask: partial }}
      - {{ detect: [credit_card, us_ssn, aws_key, private_key, jwt], mask: redact }}
{sensitive}
rules:
  - {{ name: work, agents: [bench], resources: [shop], actions: [read, insert, update, session, transaction, copy_out], verdict: allow }}
  - {{ name: never the host, actions: [host, grant, unknown], verdict: deny }}
"""


class Stage:
    """`sides` names who takes part; turn() runs a client on one of them.

    `sensitive` are columns that are masked beside what the policy names; `tables(postgres)` makes what is read; `front(stage)`
    puts something in the server's place and gives its port."""

    sides = ("direct", "haproxy", "pgbouncer", "sluice")

    def __init__(self, sensitive=(), tables=lambda postgres: None, front=None):
        self.place = Place("sluice-bench")
        self.parts = []  # what ends them, the last first
        try:
            self._build(sensitive, tables, front)
        except BaseException:
            self.close()
            raise

    def _build(self, sensitive, tables, front):
        self.postgres = postgres = Postgres(self.place.dir)
        self.parts.append(postgres.stop)
        # The log of the tests would be what is measured.
        with open(postgres.data / "postgresql.auto.conf", "a", encoding="utf-8") as settings:
            settings.write("log_statement = 'none'\nlog_connections = off\nlog_disconnections = off\n"
                           "shared_buffers = '256MB'\nmax_wal_size = '4GB'\n")
        postgres.start()
        tables(postgres)
        server = front(self) if front else postgres.port
        self.haproxy = Haproxy(self.place, server)
        self.parts.append(self.haproxy.stop)
        self.pgbouncer = Pgbouncer(self.place, server, postgres.login, postgres.password)
        self.parts.append(self.pgbouncer.stop)
        self.daemon = Daemon(self.place)
        self.parts.append(self.daemon.close)
        self.daemon.policy(POLICY.format(
            port=server, login=postgres.login, password=self.daemon.secret("shop", postgres.password),
            sensitive="".join(f"      - {{ column: {column}, mask: redact }}\n" for column in sensitive)))
        self.daemon.start(log_level="warn", wait=False)
        wait_for("sluiced", lambda: self.daemon.sluice("status", check=False).returncode == 0)
        self.port = {"direct": server, "haproxy": self.haproxy.port, "pgbouncer": self.pgbouncer.port, "sluice": server}

    def words(self, side, command):
        words = [str(word) for word in command(self.port[side])]
        return self.daemon.run_command("bench", *words) if side == "sluice" else words

    def environment(self, side):
        if side == "sluice":
            return self.daemon.environment(PGSSLMODE="disable")
        return {**os.environ, "PGPASSWORD": self.postgres.password, "PGSSLMODE": "disable"}

    def turn(self, side, command, timeout=600):
        """What `command(port)` prints on that side: as an agent of Sluice's, or as anybody else with the password."""
        words = self.words(side, command)
        done = subprocess.run(words, capture_output=True, text=True, timeout=timeout, check=False, env=self.environment(side))
        if done.returncode != 0:
            raise RuntimeError(f"{words} on the side {side} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def close(self):
        while self.parts:
            self.parts.pop()()
        self.place.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def compared(name, unit, values, peer, budget=None, smaller_is_better=False):
    """A row of `make bench` of each side's value against one peer; the others' stand beside it."""
    ratio = values["sluice"] / values[peer]
    met = budget is None or (ratio <= budget if smaller_is_better else ratio >= budget)
    sign = "<=" if smaller_is_better else ">="
    return {"name": name, "unit": unit, "sluice": values["sluice"], "peer": peer, "peer_value": values[peer],
            "direct_value": values.get("direct"), "ratio": ratio, "budget": "none" if budget is None else f"{sign} {budget}",
            "met": met, "others": {side: value for side, value in values.items() if side not in ("sluice", peer, "direct")}}

# SPDX-License-Identifier: Apache-2.0
"""What the cases run in: a PostgreSQL whose login may do everything, two databases that differ in sensitive values alone, a
sluiced between, and one agent process for each agent. Whatever is not stopped by Sluice happens."""
import itertools
import json
import pathlib
import subprocess

import psycopg2

from support.daemon import Daemon
from support.places import Place
from support.postgres import Postgres

from . import canary, wire

AGENT = pathlib.Path(__file__).resolve().parent / "agent.py"
SCHEMA = (pathlib.Path(__file__).resolve().parent / "schema.sql").read_text()
DATABASES = ("shop", "mirror")

POLICY = """\
version: 1
agents:
  reader: {{ launchers: {{ users: [root] }} }}
  writer: {{ launchers: {{ users: [root] }} }}
  asker: {{ launchers: {{ users: [root] }} }}
  maker: {{ launchers: {{ users: [root] }} }}
resources:
  db:
    protocol: postgres
    address: ["127.0.0.1:{port}"]
    upstream_tls: verify-full
    upstream_ca: {ca}
    login: {{ user: {login}, password_file: {secret} }}
    sensitive:
      - {{ column: public.people.ssn, mask: redact }}
      - {{ column: public.people.pin, mask: redact }}
      - {{ column: public.people.born, mask: redact }}
      - {{ column: public.people.photo, mask: redact }}
      - {{ column: public.people.doc, mask: redact }}
      - {{ column: public.people.tags, mask: redact }}
rules:
  - {{ name: reader reads, agents: [reader], resources: [db], actions: [read, session, transaction], verdict: allow }}
  - name: writer writes
    agents: [writer]
    resources: [db]
    actions: [read, insert, update, delete, ddl, session, transaction, call, copy_in, copy_out]
    verdict: allow
  - {{ name: maker makes, agents: [maker], resources: [db], actions: [read, insert, update, ddl, session, transaction], verdict: allow }}
  - {{ name: asker reads, agents: [asker], resources: [db], actions: [read, session, transaction, ddl, call], verdict: allow }}
  - {{ name: asker asks, agents: [asker], resources: [db], actions: [insert, update, delete], verdict: hold, approvers: {{ users: [root] }} }}
  - name: guarded stays
    actions: [insert, update, delete, ddl, grant, copy_in, call]
    when: {{ tables: [public.guarded] }}
    verdict: deny
  - {{ name: measures stay, actions: [insert, update, delete, ddl], when: {{ tables: [public.measures] }}, verdict: deny }}
  - {{ name: old things rest, actions: [read, update], when: {{ tables: [public.archive_old] }}, verdict: deny }}
  - {{ name: secrets are secret, actions: any, when: {{ tables: ['public."Secrets"'] }}, verdict: deny }}
  - {{ name: never the host, actions: [host, grant, unknown], verdict: deny }}
{more}"""

# Everything that a reader must not change, of the server as a whole.
STATE = """
SELECT (SELECT md5(string_agg(g::text, '|' ORDER BY id)) FROM public.guarded g),
       (SELECT md5(string_agg(n::text, '|' ORDER BY id)) FROM public.notes n),
       (SELECT count(*) FROM public.people), (SELECT md5(string_agg(o::text, '|' ORDER BY id)) FROM public.orders o),
       (SELECT md5(string_agg(relname || relkind::text || relnamespace || relowner, '|' ORDER BY oid)) FROM pg_class WHERE relkind <> 't' AND relpersistence <> 't'),
       (SELECT md5(string_agg(proname || prosrc, '|' ORDER BY oid)) FROM pg_proc WHERE oid > 16000),
       (SELECT md5(string_agg(a::text, '|' ORDER BY oid)) FROM pg_authid a),
       (SELECT md5(string_agg(s::text, '|' ORDER BY s::text)) FROM pg_db_role_setting s),
       (SELECT md5(string_agg(d.datname, '|' ORDER BY oid)) FROM pg_database d), (SELECT count(*) FROM pg_largeobject_metadata),
       (SELECT count(*) FROM pg_extension), (SELECT count(*) FROM pg_trigger), (SELECT count(*) FROM pg_rewrite),
       (SELECT count(*) FROM pg_foreign_server), (SELECT count(*) FROM pg_publication), (SELECT count(*) FROM pg_subscription),
       (SELECT count(*) FROM pg_seclabels), (SELECT count(*) FROM pg_policy), (SELECT count(*) FROM pg_replication_slots),
       (SELECT count(*) FROM pg_description WHERE objoid > 16000), (SELECT last_value FROM public.counter)
"""
GUARDED = "SELECT md5(string_agg(g::text, '|' ORDER BY id)), count(*) FROM public.guarded g"


class Conversation:
    """One connection of an agent."""

    def __init__(self, world, agent, database, **parameters):
        self.world, self.agent = world, world.agents[agent]
        self.name = next(world.names)
        self.greeting = wire.Reply(self.agent.ask(op="open", id=self.name, parameters={"user": "alice", "database": database, **parameters}))
        self.said, self.ended = self.greeting, self.greeting.closed

    def talk(self, data, readies=1, keep_held=False):
        reply = wire.Reply(self.agent.ask(op="talk", id=self.name, data=data.hex(), readies=readies, keep_held=keep_held))
        self.said = self.said + reply
        self.ended = reply.closed or reply.timeout
        return reply

    def query(self, text, **options):
        return self.talk(wire.query(text), **options)

    def close(self):
        self.agent.ask(op="close", id=self.name)


class AgentProcess:
    def __init__(self, daemon, name, port):
        self.process = daemon.spawn(name, "/usr/bin/python3", AGENT, "127.0.0.1", port)

    def ask(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the agent process ended: " + self.process.stderr.read())
        return json.loads(line)

    def close(self):
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:  # in the middle of an answer; its cgroup is emptied with the place
            self.process.kill()
            self.process.communicate()


class World:
    def __init__(self):
        self.names = itertools.count(1)
        self.place = Place("sluice-bypass")
        self.agents, self.direct, self.kept = {}, {}, {}
        self.daemon = self.postgres = None
        try:
            self._start()
        except BaseException:
            self.close()
            raise

    def _start(self):
        self.postgres = Postgres(self.place.dir)
        with (self.postgres.data / "postgresql.auto.conf").open("a") as settings:
            settings.write("autovacuum = off\nmax_prepared_transactions = 10\n")
        self.postgres.start(schema=None)
        self.marker = self.place.dir / "pg" / "marker"
        self.postgres.sql(f"CREATE ROLE {self.postgres.login} LOGIN SUPERUSER PASSWORD '{self.postgres.password}'; CREATE DATABASE shop;"
                          f" ALTER ROLE {self.postgres.login} SET statement_timeout = '10s'")  # a join at random may be huge
        self.postgres.sql(SCHEMA, database="shop")
        # A copy of the catalogue, so that what has a number has the same one in both.
        self.postgres.sql("CREATE DATABASE mirror TEMPLATE shop")
        for database in DATABASES:
            self.postgres.sql(rows_of(database), database=database)
        self.daemon = Daemon(self.place)
        self.secret = self.daemon.secret("db", self.postgres.password)
        self.set_policy()
        self.daemon.start()
        for name in ("reader", "writer", "asker", "maker"):
            self.agents[name] = AgentProcess(self.daemon, name, self.postgres.port)
        for database in DATABASES:
            self.direct[database] = psycopg2.connect(host=str(self.postgres.home), port=self.postgres.port, user="postgres", dbname=database)
            self.direct[database].autocommit = True

    def set_policy(self, more=""):
        self.daemon.policy(POLICY.format(port=self.postgres.port, ca=self.postgres.ca, login=self.postgres.login,
                                         secret=self.secret, more=more))

    def ask_direct(self, statement, database="shop"):
        """As superuser, past Sluice. A session that has just ended may still be dropping what it had that was temporary."""
        for last in (False, False, False, True):
            try:
                with self.direct[database].cursor() as cursor:
                    cursor.execute(statement)
                    return cursor.fetchall() if cursor.description else None
            except psycopg2.errors.DeadlockDetected:
                if last:
                    raise

    def read_anew(self, database="shop"):
        """What somebody has made past Sluice is known to the daemon: it reads the catalogue when an agent makes something."""
        maker = self.open("maker", database)
        assert not maker.query("CREATE TABLE read_anew (a int); DROP TABLE read_anew").errors(), maker.said.short()
        maker.close()

    def state(self, everything, database="shop"):
        return self.ask_direct(STATE if everything else GUARDED, database)

    def repair(self):
        """After a case that changed what must not change: so that the next one is judged for itself."""
        self.ask_direct("CREATE TABLE IF NOT EXISTS public.guarded (id int PRIMARY KEY, v text); TRUNCATE public.guarded;"
                        "INSERT INTO public.guarded VALUES (1, 'one'), (2, 'two'), (3, 'three')")

    def put_in_order(self):
        """The rows of both databases lie in the order of their keys then."""
        for database in DATABASES:
            for table in ("people", "orders", "notes"):
                self.ask_direct(f"CLUSTER public.{table} USING {table}_pkey; ANALYZE public.{table}", database)

    def open(self, agent="writer", database="shop", **parameters):
        return Conversation(self, agent, database, **parameters)

    def close(self):
        for agent in self.agents.values():
            agent.close()
        for connection in self.direct.values():
            connection.close()
        if self.daemon:
            self.daemon.close()
        if self.postgres:
            self.postgres.stop()
        self.place.close()


def rows_of(database):
    """The rows of a database: only what is sensitive depends on which one it is. Of equal length, so that a plan's width
    does not tell."""
    if database == "shop":
        words, pins, dates = canary.WORDS, canary.PINS, canary.DATES
    else:
        words = ["BCDFGKLMNPRSTV", "GHJKLMNPQRSTVW", "LKJHGFDSQWRTPM"]
        pins, dates = [1111222233, 4444555566, 2777888899], ["1950-01-01", "1961-02-02", "1949-03-03"]
    rows = []
    for number, (word, pin, date) in enumerate(zip(words, pins, dates), 1):
        name = ("Ada", "Bob", "Cy")[number - 1]
        rows.append(f"({number}, '{name}', '{word}', {pin}, '{date}', '{word}', "
                    f"'{{\"word\": \"{word}\", \"pin\": {pin}}}', '{{{word},{word[:7]}}}')")
    people = "INSERT INTO people (id, name, ssn, pin, born, photo, doc, tags) VALUES " + ", ".join(rows)
    return people + "; INSERT INTO holders SELECT id, p FROM people p; REFRESH MATERIALIZED VIEW kept; ANALYZE;"

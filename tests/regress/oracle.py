# SPDX-License-Identifier: Apache-2.0
"""Over every text of the regression suite: how often lineage is known, and whether the analysis ever says less than what the
server does. pgaudit tells what it did; each text is sent again, alone, to a server that it watches.

  oracle.py [--tests NAME,...] [--after NUMBER]

--after: the first so many sessions are run, for what they leave behind, and not looked at.
"""
import argparse
import collections
import json
import pathlib
import re
import signal
import subprocess
import sys

import psycopg2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from regress.causes import Causes, bare  # noqa: E402
from regress.corpus import sessions_of  # noqa: E402
from regress.server import SuiteServer  # noqa: E402
from regress.suites import REGRESSION, writable  # noqa: E402
from regress.uncovered import EXAMPLES_MAX, Act, Uncovered  # noqa: E402
from regress.ways import Direct  # noqa: E402
from support.daemon import BUILD  # noqa: E402
from support.places import Place  # noqa: E402

# Until one of these has run, the catalogue is the same (session/postgres/server_replies.cpp says so too).
CHANGES_CATALOGUE = {"ddl", "grant", "call", "unknown", "host"}
FIRST_OID_OF_USERS = 16384  # FirstNormalObjectId of access/transam.h
AUDIT = re.compile(r"AUDIT: SESSION,(\d+),(\d+),(\w+),([A-Z ]+),[A-Z ]*,([^,]*),(.*)")


OF_RULES = "ev_class"  # the first column of the query for views and rules: it, the event, the definition
USABLE = (psycopg2.extensions.TRANSACTION_STATUS_IDLE, psycopg2.extensions.TRANSACTION_STATUS_INTRANS)


class Facts:
    """The analysis, as a program that answers lines."""

    def __init__(self, texts):
        """`texts`: all that will be asked about."""
        self.texts = texts
        self.process = subprocess.Popen([BUILD / "regress/statement_facts"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, encoding="utf-8", errors="surrogateescape")
        self.numbered = self.known = None
        asked = self.ask(queries=True)
        self.begin, self.queries = asked["begin"], asked["queries"]

    def ask(self, **line):
        self.process.stdin.write(json.dumps(line, ensure_ascii=False) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def read_catalogue(self, reader):
        """False where it cannot be read just now: the test has locked it."""
        try:
            if not self.numbered:
                self.numbered = self.first_columns(reader)
                self.ask(builtin=self.without_unused_views(self.rows(reader, "<"), reader))
            rows = self.rows(reader, ">=")
        except psycopg2.Error:
            reader.rollback()
            return False
        if rows == self.known:  # most of what may change the catalogue failed, or changed what is not read
            return True
        self.known = rows
        return "error" not in self.ask(catalog=rows)

    def without_unused_views(self, builtin, reader):
        """Most of a catalogue's cost is the definitions of PostgreSQL's own views, of which few are ever named."""
        with reader.cursor() as cursor:
            cursor.execute(f"SELECT oid::text, relname::text FROM pg_class WHERE relkind = 'v' AND oid < {FIRST_OID_OF_USERS}")
            names = dict(cursor.fetchall())
        used, unread = set(), [self.texts]
        while unread:
            words = set(re.findall(r"\w+", unread.pop()))
            for table, rows in builtin:
                for row in rows:
                    name = names.get(row[0])
                    if self.numbered[table] == OF_RULES and name in words and name not in used:
                        used.add(name)
                        unread.append(row[2])
        return [[table, [row for row in rows if self.numbered[table] != OF_RULES or row[0] not in names or names[row[0]] in used]]
                for table, rows in builtin]

    def first_columns(self, reader):
        """Of the queries whose rows have an OID in front."""
        names = {}
        with reader.cursor() as cursor:
            for table, query in self.queries:
                cursor.execute(f"{query} LIMIT 0")
                if cursor.description[0].name in ("oid", "attrelid", "inhrelid", OF_RULES):
                    names[table] = cursor.description[0].name
        return names

    def rows(self, reader, sense):
        """Most rows are initdb's and stay as they are, so they are read once: it takes long."""
        rows = []
        with reader.cursor() as cursor:
            cursor.execute("SET lock_timeout = '2s'; " + self.begin)
            for table, query in self.queries:
                if table in self.numbered:
                    query = f"SELECT * FROM ({query}) q WHERE q.{self.numbered[table]} {sense} {FIRST_OID_OF_USERS}"
                elif sense == "<":
                    continue
                cursor.execute(query)
                rows.append([table, [[None if cell is None else str(cell) for cell in row] for row in cursor.fetchall()]])
            cursor.execute("COMMIT")
        return rows


class Replay:
    def __init__(self, server, facts):
        self.server, self.facts = server, facts
        self.log = open(server.log, encoding="utf-8", errors="surrogateescape")
        self.readers = {}
        self.lineage, self.why, self.touching = collections.Counter(), collections.defaultdict(list), 0
        self.uncovered = Uncovered()
        self.texts = self.unread = self.failed = 0

    def connect(self, user, database, **options):
        connection = psycopg2.connect(host=str(self.server.home), port=self.server.port, user=user, dbname=database, **options)
        connection.set_session(autocommit=True)
        return connection

    def reader(self, database):
        """The daemon's own connection, as it were. pg_catalog's texts are those of libpq: all of them text."""
        if database not in self.readers or self.readers[database].closed:
            connection = self.connect("postgres", database, options="-c pgaudit.log=none")
            psycopg2.extensions.register_type(psycopg2.extensions.new_type((16, 18, 21, 23, 26), "TEXT", lambda v, _: v), connection)
            self.readers[database] = connection
        return self.readers[database]

    def play(self, session, looked_at):
        try:
            connection = self.connect(session.user, session.database,
                                      options="-c statement_timeout=20s -c intervalstyle=postgres_verbose")
        except psycopg2.OperationalError:
            return
        stale = True
        self.facts.ask(session=True)
        pid = connection.info.backend_pid
        self.audits(pid)
        self.earlier = ""
        for text in session.texts:
            if connection.closed:
                break
            if not looked_at:
                self.execute(connection, text, [])
                continue
            # What a transaction made is seen when it is over.
            if stale and connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE:
                stale = not self.facts.read_catalogue(self.reader(session.database))
            stale |= self.play_text(connection, pid, session, text)
        connection.close()
        for reader in self.readers.values():
            reader.close()  # or no test could drop a database
        self.readers.clear()

    def play_text(self, connection, pid, session, text):
        """True where the catalogue may be another one afterwards."""
        status = connection.info.parameter_status
        facts = self.facts.ask(text=text, standard_conforming_strings=status("standard_conforming_strings") == "on",
                               client_encoding=status("client_encoding"))
        statements = facts.get("statements", [])
        ran = self.execute(connection, text, statements)
        self.texts += 1
        self.unread += "unread" in facts
        self.failed += not ran
        if ran:
            self.facts.ask(completed=True)
        if ran and statements:
            self.lineage.update(statement["lineage"] for statement in statements)
            self.touching += sum(statement["touches"] for statement in statements)
            for statement in statements:
                if statement["why"]:
                    self.why[statement["why"]].append(" ".join(text.split())[:160])
        if statements:
            acts = self.audits(pid)
            self.uncovered.look(session.test, text, statements, acts, Causes(
                lambda query, **of: self.ask(connection, session, query, **of), text, self.earlier))
            self.earlier += bare(text)
        self.audits(pid)
        if not ran and connection.info.transaction_status == psycopg2.extensions.TRANSACTION_STATUS_IDLE:
            return False
        return not statements or any(CHANGES_CATALOGUE & set(one["actions"]) for one in statements)

    def ask(self, connection, session, query, **of):
        """In the session itself, where it can be asked: others do not see what its transaction made."""
        asked = connection if connection.info.transaction_status in USABLE and not connection.closed else self.reader(session.database)
        try:
            with asked.cursor() as cursor:
                cursor.execute(query, of)
                return cursor.fetchone()[0]
        except psycopg2.Error:
            return None

    @staticmethod
    def execute(connection, text, statements):
        try:
            with connection.cursor() as cursor:
                if len(statements) == 1 and statements[0]["kind"] in ("copy_in", "copy_out"):
                    with open("/dev/null", "r+b") as nothing:
                        cursor.copy_expert(text, nothing)
                else:
                    cursor.execute(text)
            return True
        except (psycopg2.Error, UnicodeError, ValueError):
            return False

    def audits(self, pid):
        """What pgaudit wrote about this backend since the last call: it writes before the client is answered."""
        found, ours = [], False
        for line in self.log:
            if line.startswith("\t"):
                if ours:
                    found[-1][-1] += line
                continue
            said = AUDIT.search(line) if line.startswith(f"[{pid}] ") else None
            ours = bool(said)
            if said:
                found.append(list(said.groups()))
        return [Act(int(a), int(b), *words, re.sub(r",<(not logged|none)>\s*$", "", text)) for a, b, *words, text in found]

    def text(self, whole=False):
        known, part, unknown = (self.lineage[key] for key in ("resolved", "some columns unknown", "unknown"))
        rows = known + part + unknown
        lines = [f"corpus: {self.texts} texts, {self.failed} of them fail; {self.unread} are not read by the analysis",
                 f"lineage: of {sum(self.lineage.values())} statements that ran {self.lineage['no rows']} return no rows; of the other {rows} "
                 f"it is known for {known} ({100 * known / max(rows, 1):.1f} %), in part for {part}, not for {unknown}; {self.touching} "
                 "touch a sensitive column"]
        lines += [f"  because of {cause}: {len(texts)}" for cause, texts in sorted(self.why.items(), key=lambda one: -len(one[1]))]
        lines += [f"      {text}" for text in self.why["other"][:EXAMPLES_MAX]]
        return "\n".join(lines + [self.uncovered.text(whole)])


def record(server, work, tests):
    """One run of the suite, direct, with every text in the server's log."""
    with open(server.data / "postgresql.auto.conf", "a") as settings:
        settings.write("logging_collector = on\nlog_destination = csvlog\nlog_statement = all\n")
    server.start(schema=None)
    REGRESSION.run(Direct(server), work, tests)
    server.stop()
    return sessions_of((server.data / "log").glob("*.csv"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tests", default="")
    parser.add_argument("--after", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = Place("sluice-regress")
    try:
        server = SuiteServer(place.dir)
        work = place.dir / "work"
        sessions = record(server, work, options.tests.split(",") if options.tests else [])
        (work / "output").rename(work / "first")
        for directory in ("", "results", "testtablespace"):  # that the texts name
            writable(work / "output" / directory)
        server.restore("fresh")
        with open(server.data / "postgresql.auto.conf", "a") as settings:
            settings.write("shared_preload_libraries = 'pgaudit'\npgaudit.log = 'all'\n"
                           "log_line_prefix = '[%p] '\n")
        server.start(schema=None)
        server.sql("CREATE DATABASE regression TEMPLATE template0")
        replay = Replay(server, Facts("\n".join(text.lower() for session in sessions for text in session.texts)))
        for number, session in enumerate(sessions, 1):
            replay.play(session, number > options.after)
            if number % 10 == 0:
                print(f"{number} of {len(sessions)} sessions so far\n{replay.text()}", file=sys.stderr, flush=True)
        server.stop()
    finally:
        if "server" in locals():
            server.stop()
        place.close()
    whole = not options.tests and not options.after
    print(replay.text(whole))
    return 0 if replay.uncovered.right(whole) and replay.touching else 1


if __name__ == "__main__":
    sys.exit(main())

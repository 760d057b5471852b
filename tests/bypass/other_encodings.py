# SPDX-License-Identifier: Apache-2.0
"""Databases of another encoding than UTF8: there names are cut, compared and folded otherwise than here."""
import psycopg2

from . import canary, wire
from .cases import CLEAN, MASKED, REFUSED, Case, outcome_of

CASES = []
parse, bind, execute, sync = wire.parse, wire.bind, wire.execute, wire.sync
ENCODINGS = {"latin": "LATIN1", "bytes": "SQL_ASCII", "japan": "EUC_JP"}
MADE = f"""CREATE TABLE people (id int PRIMARY KEY, name text NOT NULL, ssn text UNIQUE, balance int DEFAULT 0);
INSERT INTO people (id, name, ssn) VALUES (1, 'Ada', '{canary.WORDS[0]}');
CREATE TABLE guarded (id int PRIMARY KEY, v text); INSERT INTO guarded VALUES (1, 'one')"""
# What the server keeps apart and we would cut to one, or the other way round.
LONG = {"latin": ("é" * 32, "é" * 31), "bytes": ("a" * 62 + "é", "a" * 62), "japan": ("あ" * 22, "あ" * 21)}
SAME = {"japan": ("\uffe4", "\u00a6")}
AS_QUERIES = ('WITH "{0}" AS (SELECT upper(ssn) x FROM people), "{1}" AS (SELECT \'x\'::text x) SELECT x FROM "{0}"',
              'SELECT "{0}".x FROM (SELECT \'x\'::text x) "{1}", (SELECT upper(ssn) x FROM people) "{0}"',
              'SELECT (SELECT "{0}".x FROM (SELECT \'x\'::text x) "{1}") FROM (SELECT upper(ssn) x FROM people) "{0}"')
NESTED = 'WITH "{0}" AS (SELECT \'x\'::text x) SELECT q.x FROM (WITH "{1}" AS (SELECT upper(ssn) x FROM people) SELECT x FROM "{0}") q'


def ask(world, database, text):
    connection = psycopg2.connect(host=str(world.postgres.home), port=world.postgres.port, user="postgres", dbname=database)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(text)
        rows = cursor.fetchall() if cursor.description else None
    connection.close()
    return rows


def case(what, database, expect, agent="reader"):
    def take(function):
        def steps(bench):
            ask(bench.world, "postgres", f"CREATE DATABASE {database} TEMPLATE template0 ENCODING '{ENCODINGS[database]}' LC_COLLATE 'C' LC_CTYPE 'C'")
            try:
                ask(bench.world, database, MADE)
                return function(bench)
            finally:
                for conversation in bench.conversations:
                    conversation.close()
                ask(bench.world, "postgres", f"DROP DATABASE {database} WITH (FORCE)")
        CASES.append(Case("g11", f"{ENCODINGS[database]}: {what}", expect, agent=agent, twins=False, steps=steps))
        return function
    return take


def by_number(name):
    return 'U&"' + "".join(f"\\{ord(c):04x}" if ord(c) > 127 else c for c in name) + '"'


for database, names in LONG.items():
    @case("names that are cut elsewhere", database, (REFUSED, MASKED))
    def _(bench, database=database, names=names):
        outcomes = set()
        for client in ("UTF8", "LATIN1") if database == "latin" else ("UTF8",):
            conversation = bench.open(database=database, client_encoding=client)
            conversation.query("SET client_min_messages = error")
            for text in AS_QUERIES:
                for written in (text.format(*names),) * (client == "UTF8") + (text.replace('"{0}"', by_number(names[0])).replace('"{1}"', by_number(names[1])),):
                    reply = conversation.query(written)
                    outcomes.add(outcome_of(reply))
        assert outcomes <= {REFUSED, MASKED}, outcomes
        return outcomes.pop()


@case("letters that are one there", "japan", (REFUSED, MASKED))
def _(bench):
    conversation = bench.open(database="japan", client_encoding="UTF8")
    texts = (NESTED.format(*SAME["japan"]), NESTED.replace('"{0}"', by_number(SAME["japan"][0])).replace('"{1}"', by_number(SAME["japan"][1])))
    outcomes = {outcome_of(conversation.query(text)) for text in texts}
    assert outcomes <= {REFUSED, MASKED}, outcomes
    return outcomes.pop()


@case("names of statements and cursors, by bytes and by letters", "latin", (REFUSED,))
def _(bench):
    conversation = bench.open(database="latin", client_encoding="LATIN1")
    reply = conversation.talk(wire.message("P", b"\xe9\0SELECT balance::text FROM people\0\0\0") + sync())
    assert reply.errors(), reply.short()
    return REFUSED


@case("a DO block whose names are written by numbers", "latin", (REFUSED,), agent="writer")
def _(bench):
    conversation = bench.open(database="latin", client_encoding="UTF8")
    return outcome_of(conversation.query('DO $$ BEGIN CREATE TEMP TABLE U&"\\00e9" (a int); DELETE FROM U&"\\00e9"; END $$'))


@case("ordinary names and literals with letters", "latin", (CLEAN,), agent="writer")
def _(bench):
    conversation = bench.open(database="latin", client_encoding="UTF8")
    for text in ("SELECT id, 'é' AS letter FROM guarded WHERE v <> 'straße'", "PREPARE s AS SELECT id FROM guarded", "EXECUTE s",
                 "DO $$ BEGIN PERFORM 1; END $$", "SELECT name FROM people WHERE name LIKE 'É%'"):
        reply = conversation.query(text)
        assert not reply.errors() and not reply.held, (text, reply.short())
    return CLEAN

# SPDX-License-Identifier: Apache-2.0
"""What one agent makes in great number, or very long, neither ends the daemon nor closes the database to the others: they go on, and see
what they saw."""
from .cases import CLEAN, Cases

CASES = Cases(expect=(CLEAN,), agent="maker")
ITEM = "SELECT item FROM orders WHERE id = 1"


def in_pieces(texts, size=60):
    texts = list(texts)
    return ["; ".join(texts[at:at + size]) for at in range(0, len(texts), size)]


def goes_on(what, texts, undo, made=(), shown=ITEM, hidden=None):
    """The maker runs the texts. Then the reader sees what is shown as the server gives it, and nothing of what is hidden."""
    @CASES.case("m10", what)
    def _(bench):
        direct = bench.world.ask_direct
        try:
            for text in made:
                direct(text)
            conversation = bench.open()
            for text in texts:
                reply = conversation.query(text)
                assert not reply.errors() and not reply.held, f"{text[:200]}: {reply.short()}"
            bench.world.read_anew()
            reader = bench.open("reader")
            reply = reader.query(shown)
            assert reply.rows() == [[str(cell).encode() for cell in row] for row in direct(shown)], reply.short()
            if hidden:
                bench.look_at(reader.query(hidden))
            return CLEAN
        finally:
            for one in bench.conversations:
                one.query("ROLLBACK")
            for text in undo:
                direct(text)
            bench.world.read_anew()


def makes(number, count):
    """A function of that many temporary tables."""
    tables = "; ".join(f"CREATE TEMP TABLE q{number}_{i} ()" for i in range(count))
    return f"CREATE FUNCTION makes9_{number}() RETURNS void LANGUAGE plpgsql AS $q$ BEGIN {tables}; END $q$"


for functions, each in ((1, 499), (1, 700), (6, 100)):
    goes_on(f"{functions} functions that make {each} temporary tables each", [makes(number, each) for number in range(functions)],
            [f"DROP FUNCTION IF EXISTS makes9_{number}()" for number in range(functions)])
goes_on("functions of a MB each", [f"CREATE FUNCTION long9_{number}() RETURNS int LANGUAGE sql STABLE AS 'SELECT 1 /*{'x' * 1000000}*/'" for number in range(70)],
        in_pieces(f"DROP FUNCTION IF EXISTS long9_{number}()" for number in range(70)))
goes_on("many functions of 60 KB", [text for number in range(0, 600, 15) for text in
                                    ["; ".join(f"CREATE FUNCTION long9_{one}() RETURNS int LANGUAGE plpgsql STABLE AS 'BEGIN RETURN 1; /*{'x' * 60000}*/ END'"
                                               for one in range(number, number + 15))]],
        in_pieces(f"DROP FUNCTION IF EXISTS long9_{number}()" for number in range(600)))

# --- one upon the other: what stands on what grows with the square
CHAIN = 600
VIEWS = in_pieces(["CREATE VIEW chain9_0 AS SELECT item AS a, (SELECT ssn FROM public.people WHERE id = 1) AS b FROM orders WHERE id = 1"]
                  + [f"CREATE VIEW chain9_{number} AS SELECT a, b FROM chain9_{number - 1}" for number in range(1, CHAIN)])
goes_on("views upon views", [], ["DROP VIEW IF EXISTS chain9_0 CASCADE"], made=VIEWS, shown=f"SELECT a FROM chain9_{CHAIN - 1}",
        hidden=f"SELECT b FROM chain9_{CHAIN - 1}")
goes_on("tables of rows of tables", [], in_pieces(f"DROP TABLE IF EXISTS rows9_{number} CASCADE" for number in range(300)),
        made=in_pieces(["CREATE TABLE rows9_0 (a people)"] + [f"CREATE TABLE rows9_{number} (x rows9_{number - 1})" for number in range(1, 300)]))
goes_on("heirs of heirs", [], ["DROP TABLE IF EXISTS heirs9_0 CASCADE"],
        made=in_pieces(["CREATE TABLE heirs9_0 (ssn text)"] + [f"CREATE TABLE heirs9_{number} () INHERITS (heirs9_{number - 1})" for number in range(1, 300)]))

# --- views that were made before what they stand on: read from above, each pass sees one further
goes_on("views that stand on later ones",
        ["CREATE VIEW plain9 AS SELECT id, item FROM orders", *in_pieces(f"CREATE VIEW turned9_{number} AS SELECT 'x'::text AS a" for number in range(60)),
         *in_pieces(f"CREATE OR REPLACE VIEW turned9_{number} AS SELECT a FROM turned9_{number + 1}" for number in range(59))],
        ["DROP VIEW IF EXISTS turned9_59, plain9 CASCADE"], shown="SELECT item FROM plain9 WHERE id = 1")

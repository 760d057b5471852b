# SPDX-License-Identifier: Apache-2.0
"""Rows of which not all columns are known: where a name may be a column of one or a function, may be found further out, or stand in
another place than it seems. Among them tables that are called like a view of information_schema, which a session may search."""
from .cases import CLEAN, MASKED, REFUSED, Cases, outcome_of
from .masking import masked

CASES = Cases([
    # The first five columns are the keyword's.
    *masked(
        "m06",
        *(f"SELECT q.{name} || '' FROM (SELECT (pg_get_keywords()).*, p.* FROM public.people p LIMIT 3) q(a, b, c, d, e, f, g, h, i, j)" for name in "hi"),
        "SELECT q.k || '' FROM (SELECT (pg_get_keywords()).*, p.* FROM public.people p LIMIT 3) q(a, b, c, d, e, f, g, h, i, j, k)",
        "WITH q(a, b, c, d, e, f, g, h, i) AS (SELECT (pg_get_keywords()).*, p.* FROM public.people p LIMIT 3) SELECT h || '', i + 1 FROM q",
        forms=("simple", "undescribed binary"), twins=False,
    ),
])


def prepared(bench, make, undo, steps):
    """In both databases, with a catalogue of after that; `steps` gives replies for one conversation."""
    ask = bench.world.ask_direct
    for database in ("shop", "mirror"):
        ask(make, database)
    try:
        replies = []
        for database in ("shop", "mirror"):
            bench.world.read_anew(database)
            replies.append(steps(bench, database))
        for ours, theirs in zip(*replies):
            assert ours.held or ours.refused() or ours.comparable() == theirs.comparable(), (ours.short(), theirs.short())
        return replies[0]
    finally:
        for database in ("shop", "mirror"):
            ask(undo, database)


@CASES.case("g07", "a function that is written like a field of a row whose columns nobody knows", (REFUSED,))
def _(bench):
    texts = [text.format(name=name) for name in ("any_ssn", "touch_any") for text in (
        "SELECT q.{name} FROM (SELECT (pg_get_keywords()).* LIMIT 1) q", "SELECT (q).{name} FROM (SELECT (pg_get_keywords()).* LIMIT 1) q",
        "SELECT q.{name} FROM json_to_record('{{}}') q(a int)", "WITH q AS (SELECT (pg_get_keywords()).* LIMIT 1) SELECT r.{name} FROM q r",
        "SELECT q.{name} FROM (SELECT (jsonb_populate_record(NULL::public.notes, '{{}}')).*) q", "SELECT q.{name} FROM jsonb_populate_record(NULL::public.notes, '{{}}') q")]

    def steps(bench, database):
        return [bench.open(database=database).query(text) for text in texts]
    replies = prepared(
        bench, "CREATE FUNCTION any_ssn(anyelement) RETURNS text LANGUAGE sql STABLE AS 'SELECT ssn FROM people WHERE id = 1';"
        "CREATE FUNCTION touch_any(anyelement) RETURNS int LANGUAGE plpgsql AS 'BEGIN PERFORM change_guarded(); RETURN 1; END'",
        "DROP FUNCTION any_ssn(anyelement), touch_any(anyelement)", steps)
    half = len(texts) // 2
    # Where a type has checks that do more than read, a function of any type may run them.
    assert all(reply.refused() or reply.rows() == [[b"[redacted]"]] for reply in replies[:half]), [reply.short() for reply in replies[:half]]
    assert all(reply.refused() for reply in replies[half:]), [reply.short() for reply in replies[half:]]
    return REFUSED


@CASES.case("g09", "a table that is called like a view of information_schema, which is searched first", (MASKED,))
def _(bench):
    many = ", ".join(f"n{number}" for number in range(1, 46))
    texts = ["SELECT (SELECT note FROM attributes LIMIT 1) FROM (SELECT ssn AS note FROM public.people) q",
             "SELECT (SELECT d.note FROM attributes a LIMIT 1) FROM (SELECT ssn AS note FROM public.people) d",
             "SELECT (SELECT string_agg(note, '') FROM attributes) FROM (SELECT ssn AS note FROM public.people) q",
             "SELECT note || '' FROM attributes a RIGHT JOIN (SELECT ssn AS note FROM public.people) q ON true",
             *(f"SELECT q.n{number} || '' FROM (SELECT * FROM attributes a RIGHT JOIN public.people p ON true, public.notes, public.orders LIMIT 3) q ({many})" for number in range(31, 44))]

    def steps(bench, database):
        replies = []
        for path in ("SET search_path = information_schema, public", "SELECT set_config('search_path', 'information_schema, public', false)"):
            conversation = bench.open(database=database)
            assert not conversation.query(path).errors()
            replies += [conversation.query(text) for text in texts]
        plain = bench.open(database=database)
        # As most sessions search: it is what it seems.
        for text in ("SELECT note FROM attributes", "SELECT a.id, p.name, upper(a.note) FROM attributes a JOIN public.people p ON p.id = a.id", "INSERT INTO attributes VALUES (2, 'y')", "SELECT * FROM attributes"):
            reply = plain.query(text) if not text.startswith("INSERT") else bench.open("writer", database=database).query(text)
            assert outcome_of(reply) == CLEAN, (text, reply.short())
        return replies
    replies = prepared(bench, "CREATE TABLE public.attributes (id int, note text); INSERT INTO attributes VALUES (1, 'x')", "DROP TABLE public.attributes", steps)
    return outcome_of(replies[0])

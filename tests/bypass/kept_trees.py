# SPDX-License-Identifier: Apache-2.0
"""Functions that call themselves stable, whose body is kept as a tree or whose parameters have defaults: whatever may run in there
makes a call of them a call, also where no function is named. Each of these would change public.guarded."""
from .cases import REFUSED, Cases, outcome_of

CASES = Cases()

MAKE = """
CREATE FUNCTION chk(text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN PERFORM change_guarded(); RETURN true; END';
CREATE DOMAIN gdom AS text CHECK (chk(VALUE));
CREATE DOMAIN gdom_over AS gdom;
CREATE TYPE gpair AS (a int, b gdom);
CREATE TYPE gcomp AS (a int);
CREATE VIEW v_calls AS SELECT change_guarded() AS n;
CREATE VIEW v_over AS SELECT n FROM v_calls;
CREATE FUNCTION less(gcomp, gcomp) RETURNS bool LANGUAGE sql AS 'SELECT change_guarded() > 0';
CREATE FUNCTION orders(gcomp, gcomp) RETURNS int LANGUAGE sql AS 'SELECT change_guarded()';
CREATE OPERATOR <<| (FUNCTION = less, LEFTARG = gcomp, RIGHTARG = gcomp);
CREATE OPERATOR CLASS gops DEFAULT FOR TYPE gcomp USING btree AS OPERATOR 1 <<|, FUNCTION 1 orders(gcomp, gcomp);
CREATE FUNCTION loud_state(int, int) RETURNS int LANGUAGE sql AS 'SELECT change_guarded()';
CREATE AGGREGATE loud(int) (SFUNC = loud_state, STYPE = int, INITCOND = '0');
CREATE FUNCTION f1(t text) RETURNS text STABLE LANGUAGE sql RETURN (t::gdom)::text;
CREATE FUNCTION f2(t text) RETURNS bigint STABLE LANGUAGE sql BEGIN ATOMIC SELECT n FROM v_calls; END;
CREATE FUNCTION f3(t text DEFAULT ('x'::gdom)::text) RETURNS text STABLE LANGUAGE sql AS 'SELECT t';
CREATE FUNCTION f4(t text) RETURNS text STABLE LANGUAGE sql RETURN (ARRAY[t]::gdom[])::text;
CREATE FUNCTION f5(t text) RETURNS text STABLE LANGUAGE sql RETURN ('(1,' || t || ')')::gpair::text;
CREATE FUNCTION f6(t text) RETURNS text STABLE LANGUAGE sql RETURN (t::gdom_over)::text;
CREATE FUNCTION f7(t text) RETURNS bigint STABLE LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM v_over; END;
CREATE FUNCTION f8(t text) RETURNS text STABLE LANGUAGE sql BEGIN ATOMIC SELECT j.a FROM json_to_record(json_build_object('a', t)) AS j (a gdom); END;
CREATE FUNCTION f9(t text) RETURNS text STABLE LANGUAGE sql RETURN greatest(ROW(1)::gcomp, ROW(2)::gcomp)::text;
CREATE FUNCTION f10(t text) RETURNS text STABLE LANGUAGE sql BEGIN ATOMIC SELECT x::text FROM (VALUES (ROW(1)::gcomp), (ROW(2)::gcomp)) v (x) ORDER BY x LIMIT 1; END;
CREATE FUNCTION f11(t text) RETURNS int STABLE LANGUAGE sql BEGIN ATOMIC SELECT loud(1); END;
CREATE FUNCTION f12(t text) RETURNS bool STABLE LANGUAGE sql RETURN (1 |+| 1) > 0;
CREATE FUNCTION f13(t text) RETURNS text STABLE LANGUAGE sql RETURN f1(t);
CREATE FUNCTION f14(t text, u int DEFAULT change_guarded()) RETURNS text STABLE LANGUAGE sql RETURN t;
CREATE FUNCTION f15(t text) RETURNS SETOF bigint STABLE LANGUAGE sql BEGIN ATOMIC WITH w AS (UPDATE guarded SET v = v || '!' RETURNING 1) SELECT count(*) FROM w; END;
CREATE FUNCTION f16(t text) RETURNS bool STABLE LANGUAGE sql RETURN ROW(ROW(1)::gcomp) <<| ROW(ROW(2)::gcomp);
CREATE VIEW of_tree AS SELECT f1('x');
CREATE FUNCTION f17(t text) RETURNS text STABLE LANGUAGE sql AS 'SELECT f1 FROM of_tree';
CREATE FUNCTION quiet1(t text DEFAULT 'x'::varchar(3)) RETURNS text STABLE LANGUAGE sql RETURN upper(t) || (SELECT max(item) FROM orders);
CREATE FUNCTION quiet2(t text DEFAULT to_char(now(), 'YYYY')) RETURNS SETOF text STABLE LANGUAGE sql BEGIN ATOMIC SELECT item FROM orders WHERE price > 5 GROUP BY item ORDER BY item DESC; END;
"""
UNDO = """
DROP VIEW of_tree CASCADE; DROP FUNCTION IF EXISTS f17, f16, f15, f14, f13, f12, f11, f10, f9, f8, f7, f6, f5, f4, f3, f2, f1, quiet1, quiet2 CASCADE; DROP AGGREGATE loud(int);
DROP FUNCTION loud_state(int, int); DROP OPERATOR FAMILY gops USING btree CASCADE; DROP FUNCTION less(gcomp, gcomp) CASCADE; DROP FUNCTION orders(gcomp, gcomp); DROP VIEW v_over, v_calls;
DROP TYPE gpair, gcomp CASCADE; DROP DOMAIN gdom_over, gdom; DROP FUNCTION chk(text)
"""


@CASES.case("g07", "functions that are kept as a tree, and defaults of parameters", (REFUSED,))
def _(bench):
    ask = bench.world.ask_direct
    ask(MAKE)
    try:
        bench.world.read_anew()
        conversation = bench.open()
        before = ask("SELECT * FROM guarded ORDER BY id")
        for number in range(1, 18):
            reply = conversation.query("SELECT f3()" if number == 3 else f"SELECT f{number}('x')")
            assert reply.refused(), (number, reply.short())
        assert ask("SELECT * FROM guarded ORDER BY id") == before
        for text in ("SELECT quiet1()", "SELECT quiet1('a'), 1", "SELECT * FROM quiet2()"):
            assert not conversation.query(text).errors(), (text, conversation.said.short())
        return outcome_of(reply)
    finally:
        ask(UNDO)


@CASES.case("g07", "the default of a parameter that runs a check, in a function of one's own", (REFUSED,), agent="maker")
def _(bench):
    ask = bench.world.ask_direct
    ask("CREATE FUNCTION chk(text) RETURNS bool LANGUAGE plpgsql AS 'BEGIN PERFORM change_guarded(); RETURN true; END'; CREATE DOMAIN gdom AS text CHECK (chk(VALUE))")
    try:
        bench.world.read_anew()
        replies = [bench.open().query(text) for text in (
            "CREATE FUNCTION own(t text DEFAULT ('x'::gdom)::text) RETURNS text STABLE LANGUAGE sql AS 'SELECT t'",
            "CREATE FUNCTION own(t text DEFAULT change_guarded()::text) RETURNS text STABLE LANGUAGE sql AS 'SELECT t'",
            "CREATE FUNCTION own(t text) RETURNS text STABLE LANGUAGE sql RETURN (t::gdom)::text")]
        assert all(reply.refused() for reply in replies), [reply.short() for reply in replies]
        return REFUSED
    finally:
        ask("DROP FUNCTION IF EXISTS own(text); DROP DOMAIN gdom; DROP FUNCTION chk(text)")

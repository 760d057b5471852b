# SPDX-License-Identifier: Apache-2.0
"""What a mask shows of a value by how the server was asked to write it: tokens by the digits or the encoding that a session chose,
padding as long as the value, a setting that is told with what a column held."""
import contextlib

from support.places import wait_for

from . import wire
from .cases import MASKED, Case
from .world import POLICY

CASES = []
RULES = """\
      - {{ column: public.sizes.f4, mask: hash }}
      - {{ column: public.sizes.f8, mask: hash }}
      - {{ column: public.sizes.h, mask: hash }}
      - {{ column: public.sizes.j, mask: hash }}
      - {{ column: public.sizes.p, mask: partial }}
      - {{ column: public.sizes.b, mask: redact }}
      - {{ column: public.sizes.bh, mask: hash }}
      - {{ column: public.sizes.d, mask: redact }}
      - {{ column: public.sizes.c, mask: redact }}
      - {{ detect: [credit_card], mask: redact }}
"""
# Numbers that begin alike and others, values with and without letters beyond ASCII, of different lengths.
MAKE = ("CREATE DOMAIN size_type AS bpchar; CREATE TABLE sizes (id int, name text, f4 float4, f8 float8, h text, j json, p bpchar, b bpchar, bh bpchar,"
        " d size_type, c char(20));"
        " INSERT INTO sizes SELECT i, 'row ' || i, f, f, v, to_json(v), 'é12345678' || repeat('x', i), repeat('a', i * 9), repeat('b', i * 9), repeat('c', i * 9), v"
        " FROM (VALUES (1, 8640197532, 'Muller'), (2, 8640197999, 'Müller'), (3, 1.5, 'Mueller')) AS r (i, f, v)")
UNDO = "DROP TABLE IF EXISTS sizes; DROP DOMAIN IF EXISTS size_type; DELETE FROM public.notes WHERE id > 2"
CARD = "4111111111111111"


def load(bench, policy, sensitive):
    world = bench.world
    world.daemon.policy(policy.format(port=world.postgres.port, ca=world.postgres.ca, login=world.postgres.login, secret=world.secret, more=""))
    world.daemon.process.send_signal(1)
    # Who has a connection to a resource that is changed has to connect again.
    for conversation in world.kept.values():
        conversation.close()
    world.kept.clear()

    def is_there():
        conversation = world.open("writer")
        conversation.query("CREATE TABLE made_to_renew (a int); DROP TABLE made_to_renew")
        reply = conversation.query(f"SELECT '{CARD}'::text")
        conversation.close()
        return reply.rows() == [[b"[redacted]" if sensitive else CARD.encode()]]
    wait_for("the policy", is_there)


@contextlib.contextmanager
def sized(bench):
    bench.world.ask_direct(UNDO)
    bench.world.ask_direct(MAKE)
    try:
        load(bench, POLICY.replace("    sensitive:\n", "    sensitive:\n" + RULES), True)
        yield
    finally:
        for conversation in bench.conversations:
            conversation.close()
        bench.world.ask_direct(UNDO)
        load(bench, POLICY, False)


def case(row, what, agent="writer"):
    def take(function):
        def steps(bench):
            with sized(bench):
                function(bench)
            return MASKED
        CASES.append(Case(row, what, (MASKED,), agent=agent, steps=steps, twins=False))
        return function
    return take


def cells(reply):
    """Of one column, in whatever way it came."""
    assert not reply.errors() and not reply.refused(), reply.short()
    rows = [row[-1] for row in reply.rows()]
    return rows or [line.strip(b'"') for line in reply.copied().split(b"\n")[:-1]]


def ways(column):
    text = f"SELECT {column} FROM public.sizes ORDER BY id"
    yield wire.query(text)
    yield wire.extended(text)
    yield wire.extended(text, binary=True)
    yield wire.query(f"COPY ({text}) TO STDOUT")
    yield wire.query(f"COPY ({text}) TO STDOUT (FORMAT csv)")


def all_alike(bench, conversation, sent, what):
    found = cells(conversation.talk(sent))
    if len(found) != 3 or len(set(found)) != 1:
        bench.problems.append(f"{what}: {found}")


@case("m17", "tokens of floating point numbers, of which the session says how many digits there are")
def _(bench):
    for digits in (-15, -6, 0, 1, 3):
        conversation = bench.open()
        conversation.query(f"SET extra_float_digits = {digits}")
        for column in ("f4", "f8"):
            for sent in ways(column):
                all_alike(bench, conversation, sent, f"{column} with {digits} digits, {sent[:40]}")


@case("g11", "tokens of characters in another encoding")
def _(bench):
    plain = bench.open()
    for column in ("h", "j"):
        for sent in ways(column):
            found = cells(plain.talk(sent))
            assert len(set(found)) == 3 and not any(b"[redacted]" in cell for cell in found), "in UTF8 values are told apart"
    for encoding in ("LATIN1", "WIN1252", "LATIN2", "WIN1254"):
        conversation = bench.open()
        assert not conversation.query(f"SET client_encoding = '{encoding}'").errors()
        for column in ("h", "j"):
            for sent in ways(column):
                all_alike(bench, conversation, sent, f"{column} in {encoding}, {sent[:40]}")
            text = f"COPY (SELECT {column} FROM public.sizes ORDER BY id) TO STDOUT"
            all_alike(bench, plain, wire.query(f"{text} (ENCODING '{encoding}')"), f"{column} with ENCODING {encoding}")
            found = cells(conversation.query(f"{text} (ENCODING 'utf-8')"))
            assert found == cells(plain.query(text)), "with ENCODING 'utf-8' they are what they are in UTF8"


@case("g12", "tokens of characters in an encoding that the server has not told of yet")
def _(bench):
    text = "SELECT h FROM public.sizes ORDER BY id"
    together = wire.parse("SET client_encoding = 'LATIN1'") + wire.bind() + wire.execute() + wire.extended(text)
    for sent in (wire.query(f"SET client_encoding = 'LATIN1'; {text}"), wire.query(f"SET NAMES 'LATIN1'; {text}"), together,
                 wire.query(f"SELECT set_config('client_encoding', 'LATIN1', false); {text}"),
                 wire.query("SELECT set_config('client_encoding', 'LATIN1', false), h FROM public.sizes ORDER BY id"),
                 wire.query(f"BEGIN; SET LOCAL client_encoding = 'LATIN1'; {text}"), wire.query(f"DO $$ BEGIN SET client_encoding = 'LATIN1'; END $$; {text}")):
        reply = bench.open().talk(sent)
        if reply.refused() or reply.errors():
            continue
        found = [row[-1] for row in reply.rows() if len(row[-1] or b"") > 6]
        if len(found) != 3 or len(set(found)) != 1:
            bench.problems.append(f"{sent[:80]}: {found}")
    # Set back to what the transaction began with.
    for back in ("ROLLBACK", "COMMIT", "ROLLBACK TO a"):
        conversation = bench.open()
        for before in ("SET client_encoding = 'LATIN1'", "BEGIN; SAVEPOINT a; SET LOCAL client_encoding = 'UTF8'"):
            assert not conversation.query(before).errors()
        all_alike(bench, conversation, wire.query(f"{back}; {text}"), back)


@case("m17", "the length of a value without one, and of one with", agent="reader")
def _(bench):
    plain, latin = bench.open(), bench.open()
    assert not latin.query("SET client_encoding = 'LATIN1'").errors()
    for conversation in (plain, latin):
        for column in ("b", "bh", "p", "d", "c", "(SELECT b)", "nullif(b, 'x')"):
            for sent in list(ways(column))[:3]:
                lengths = [None if cell is None else len(cell) for cell in cells(conversation.talk(sent))]
                if len(lengths) != 3 or len(set(lengths)) != 1:
                    bench.problems.append(f"{column}: {lengths}")
                if column == "c" and lengths[0] != 20:
                    bench.problems.append(f"char(20) has {lengths[0]} characters")


@case("m13", "a setting that the server tells of holds what detectors look for", agent="reader")
def _(bench):
    bench.world.ask_direct(f"INSERT INTO public.notes VALUES (50, '{CARD}')")
    conversation = bench.open()
    reply = conversation.query("SELECT set_config('application_name', body, false) FROM public.notes WHERE id = 50")
    told = [body for kind, body in reply.messages if kind == "S" and body.startswith(b"application_name")]
    assert told, reply.short()
    if CARD.encode() in reply.bytes():
        bench.problems.append(f"{told}")
    assert told == [b"application_name\0[redacted]\0"] or bench.problems, told

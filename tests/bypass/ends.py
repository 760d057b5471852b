# SPDX-License-Identifier: Apache-2.0
"""What is deferred to the end of a transaction speaks there of rows that an earlier statement touched, while the server answers
another one."""
import contextlib

from . import wire
from .cases import CLEAN, FAILED, Case, outcome_of

CASES = []
CHANGE = "UPDATE people SET balance = 1 WHERE id = 1"
one = lambda text: wire.parse(text) + wire.bind() + wire.execute()
portion = wire.parse(CHANGE + " RETURNING id") + wire.bind() + wire.execute(rows=1)


@contextlib.contextmanager
def deferred(bench, says):
    direct = bench.world.ask_direct
    direct(f"CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {says}; RETURN NULL; END $$;"
           "CREATE CONSTRAINT TRIGGER late AFTER UPDATE ON people DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()")
    try:
        yield
    finally:
        direct("DROP FUNCTION late() CASCADE; UPDATE people SET balance = 0 WHERE id = 1")


# Texts are simple queries, one after the other; bytes are sent in one piece.
ORDERS = {
    "another statement behind it in the text": [f"{CHANGE}; SELECT 1"],
    "by a CTE, another statement behind it": [f"WITH x AS ({CHANGE} RETURNING id) SELECT * FROM x; SELECT 1; SELECT 2"],
    "by EXECUTE": [f"PREPARE p AS {CHANGE}", "EXECUTE p; SELECT 1"],
    "a simple query behind an Execute without Sync": [one(CHANGE) + wire.query("SELECT 1")],
    "an empty query behind an Execute without Sync": [one(CHANGE) + wire.query("")],
    "a portal that is not read to its end": [portion + wire.query("SELECT 1; SELECT 2")],
    "two Executes, then Sync": [one(CHANGE) + one("SELECT 1") + wire.sync()],
    "COMMIT in a later message": ["BEGIN", CHANGE, "SELECT 1", "COMMIT; SELECT 1"],
    "COMMIT in the same text, another transaction behind it": [f"BEGIN; SELECT 1; COMMIT; {CHANGE}; SELECT 1"],
    "a block that begins behind it": [f"{CHANGE}; BEGIN; SELECT 1", "COMMIT"],
    "COMMIT AND CHAIN": [f"BEGIN; COMMIT AND CHAIN; {CHANGE}", "SELECT 1; COMMIT AND CHAIN"],
    "SET CONSTRAINTS": [f"BEGIN; {CHANGE}", "SET CONSTRAINTS ALL IMMEDIATE"],
    "PREPARE TRANSACTION": [f"BEGIN; {CHANGE}", "PREPARE TRANSACTION 'late'"],
    "ROLLBACK TO, then again": [f"BEGIN; SAVEPOINT a; {CHANGE}; ROLLBACK TO a; {CHANGE}", "SELECT 1; END"],
}
SAYS = {"an error": "RAISE EXCEPTION 'late for %', OLD.ssn",
        "a notice": "RAISE NOTICE 'late for %', OLD.ssn"}

for order, messages in ORDERS.items():
    for kind, says in SAYS.items():
        def _(bench, messages=messages, says=says):
            with deferred(bench, says):
                conversation = bench.open()
                for message in messages:
                    reply = conversation.talk(message if isinstance(message, bytes) else wire.query(message))
                assert not any("late" in notice.get("M", "") for notice in reply.notices()), reply.short()
                conversation.query("ROLLBACK")
                conversation.query("ROLLBACK PREPARED 'late'")
                return outcome_of(reply)
        CASES.append(Case("m13" if kind == "a notice" else "m12", f"{kind} at the end of a transaction: {order}", (FAILED, CLEAN), steps=_))


def _(bench):
    """What else goes wrong is still said."""
    conversation = bench.open()
    for before in ("BEGIN", CHANGE):
        conversation.query(before)
    replies = [conversation.query("SELECT 1 / (id - id) FROM orders"), bench.open().query(f"{CHANGE}; SELECT 1 / (id - id) FROM orders; SELECT 1")]
    conversation.query("ROLLBACK")
    assert all(reply.errors()[0]["M"] == "division by zero" for reply in replies), [reply.short() for reply in replies]
    return FAILED


CASES.append(Case("m12", "an error of a statement that does not end its transaction is shown", (FAILED,), steps=_))

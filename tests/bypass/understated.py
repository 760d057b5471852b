# SPDX-License-Identifier: Apache-2.0
"""Statements that do more than their word says: they end somebody else's transaction, rewrite rows, or switch off what guards."""
from . import wire
from .cases import CLEAN, HELD, REFUSED, STATEMENT, Case, Cases, outcome_of

CASES = Cases([
    *(Case("g08", text, (REFUSED,), agent="reader", forms=STATEMENT) for text in (
        "SET zero_damaged_pages = on", "SET LOCAL ignore_checksum_failure = on", "SET log_statement = 'none'", "SET \"LOG_Duration\" = off",
        "RESET log_statement", "SET SESSION jit_dump_bitcode = on", "SET lo_compat_privileges = on", "SET plpgsql.variable_conflict = 'use_column'",
        "SELECT set_config('log_min_messages', 'panic', false)", "SET auto_explain.log_min_duration = 0", "SET temp_file_limit = -1")),
    *(Case("g08", text, (REFUSED,), agent="maker", forms=STATEMENT) for text in (
        "ALTER EVENT TRIGGER ev DISABLE", "ALTER EVENT TRIGGER ev ENABLE REPLICA", "DROP EVENT TRIGGER ev")),
    *(Case("g05", text, (HELD,), agent="asker", forms=STATEMENT) for text in (
        "ALTER TABLE orders ALTER price TYPE numeric USING 0", "ALTER TABLE orders ADD q int, ALTER COLUMN price SET DATA TYPE int USING (1)")),
    Case("g05", "ALTER TABLE guarded ALTER v TYPE text USING 'x'", (REFUSED,), forms=STATEMENT),
    Case("g05", "BEGIN; ALTER TABLE orders ALTER item TYPE varchar; ROLLBACK", (CLEAN,), agent="asker"),
    Case("g12", "SET work_mem = '8MB'; SET lc_messages = 'C'; RESET work_mem", (CLEAN,), agent="reader"),
], agent="writer")


@CASES.case("g05", "COMMIT PREPARED and ROLLBACK PREPARED of what another session has prepared", (REFUSED,))
def _(bench):
    direct = bench.world.ask_direct
    # A rollback, should it come so far, changes it as well.
    direct("BEGIN; CREATE TABLE prepared_by_others (id int); PREPARE TRANSACTION 'others'")
    try:
        replies = []
        for agent in ("reader", "writer"):
            for text in ("COMMIT PREPARED 'others'", "ROLLBACK PREPARED 'others'"):
                replies += [bench.open(agent).query(text), bench.open(agent).talk(wire.extended(text))]
        # Nor does it become one's own by a PREPARE that fails, or that is a rollback.
        conversation = bench.open()
        for before in ("SELECT 1", "SELECT 1/0"):
            conversation.query("BEGIN")
            conversation.query(before)
            conversation.query("PREPARE TRANSACTION 'others'")
            conversation.query("ROLLBACK")
            replies.append(conversation.query("COMMIT PREPARED 'others'"))
        conversation.query("PREPARE TRANSACTION 'others'")
        replies.append(conversation.query("ROLLBACK PREPARED 'others'"))
        assert all(reply.refused() for reply in replies), [reply.short() for reply in replies]
        assert direct("SELECT gid FROM pg_prepared_xacts") == [("others",)]
        return REFUSED
    finally:
        direct("ROLLBACK PREPARED 'others'")


@CASES.case("g05", "COMMIT PREPARED and ROLLBACK PREPARED of what the session itself has prepared, once", (REFUSED,))
def _(bench):
    conversation = bench.open()
    for end in ("COMMIT PREPARED", "ROLLBACK PREPARED"):
        for send in (wire.query, wire.extended):
            conversation.query("BEGIN; SELECT 1")
            reply = conversation.talk(send("PREPARE TRANSACTION 'own'") + send(f"{end} 'own'"), readies=2)
            assert reply.tags() == ["PREPARE TRANSACTION", end], reply.short()
    return outcome_of(conversation.query("COMMIT PREPARED 'own'"))

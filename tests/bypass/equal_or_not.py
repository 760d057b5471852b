# SPDX-License-Identifier: Apache-2.0
"""Whether a new value is the one that was there: the server makes no entry in an index then, and takes a weaker lock, so plans, counters and
what waits in an index tell of it. To make such an index is a search; what counts is masked."""
from .cases import CLEAN, HELD, MASKED, REFUSED, Case, outcome_of
from .indirect import case

CASES = []
STOPPED = (HELD, REFUSED)
SHOWN_MASKED = (MASKED, *STOPPED)


def runs(*arguments, **named):
    CASES.append(case(*arguments, **named))


# --- an index on a sensitive column
for text in ("CREATE INDEX g49 ON public.people (born)", "CREATE INDEX g49 ON people USING hash (pin)", "CREATE INDEX g49 ON people USING gin (tags)",
             "CREATE INDEX CONCURRENTLY g49 ON public.people (born)", "CREATE INDEX g49 ON public.people (id) INCLUDE (born)",
             "CREATE UNIQUE INDEX g49 ON public.people (id) INCLUDE (born)", "ALTER TABLE public.people ADD CONSTRAINT g49 UNIQUE (id) INCLUDE (born)",
             "ALTER TABLE public.people ADD CONSTRAINT g49 UNIQUE (born)", "ALTER TABLE people ADD CONSTRAINT g49 EXCLUDE USING hash (born WITH =)",
             "ALTER TABLE people ADD CONSTRAINT g49 EXCLUDE USING btree (id WITH =) INCLUDE (born)"):
    for agent in ("maker", "writer"):
        runs("m15", f"{agent}: {text}", text, expect=STOPPED, agent=agent, undo="DROP INDEX IF EXISTS g49" if text.startswith("CREATE") else
             "ALTER TABLE people DROP CONSTRAINT IF EXISTS g49")
for text in ("CREATE INDEX g49 ON public.people (balance)", "CREATE INDEX g49 ON orders (item) INCLUDE (price)", "CREATE INDEX g49 ON notes (body)"):
    runs("g12", text, text, expect=(CLEAN,), agent="maker", undo="DROP INDEX IF EXISTS g49")

# --- what a plan counts, once values were tried
COUNTS = "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT balance FROM public.people WHERE id = 1"
TRIES = "UPDATE public.people SET ssn = 'QZAAAAAAAAAAAA' WHERE id = 1"
for steps in (["BEGIN", TRIES, COUNTS], ["BEGIN", TRIES, "ROLLBACK", COUNTS], [f"BEGIN; {TRIES}; {COUNTS}; ROLLBACK"],
              ["BEGIN", "SAVEPOINT a", f"{TRIES} RETURNING 1 / 0", "ROLLBACK TO a", COUNTS],
              ["BEGIN", "PREPARE p AS " + TRIES, "EXECUTE p", COUNTS.replace("TIMING", "BUFFERS, TIMING")],
              ["BEGIN", "INSERT INTO public.people (id, name, ssn) VALUES (1, 'x', 'x') ON CONFLICT (id) DO UPDATE SET ssn = 'QZAAAAAAAAAAAA'", COUNTS],
              ["BEGIN", f"DO $$ BEGIN {TRIES}; END $$", COUNTS], ["BEGIN", "UPDATE contacts SET number = 'QZAAAAAAAAAAAA' WHERE id = 1", COUNTS],
              ["BEGIN", TRIES, "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) SELECT 1 FROM contacts"],
              ["BEGIN", TRIES, "PREPARE p AS SELECT balance FROM public.people", "EXPLAIN (ANALYZE, TIMING off, SUMMARY off, COSTS off) EXECUTE p"]):
    runs("m14", f"counts of a plan: {' / '.join(steps)}", *steps, expect=SHOWN_MASKED)
runs("m14", "counts of a plan are kept", "CREATE TABLE plans9 (t text)",
     f"DO $$ DECLARE r text; BEGIN {TRIES}; FOR r IN {COUNTS} LOOP INSERT INTO plans9 VALUES (r); END LOOP; END $$", "SELECT t FROM plans9",
     expect=SHOWN_MASKED, undo="DROP TABLE IF EXISTS plans9; UPDATE people SET ssn = 'QZXVKWJPHTRMLG' WHERE ssn = 'QZAAAAAAAAAAAA'")
for steps in ([COUNTS], ["BEGIN", "UPDATE public.notes SET body = body", COUNTS], ["BEGIN", TRIES, COUNTS.replace("balance FROM public.people", "id FROM notes")],
              ["BEGIN", TRIES, "EXPLAIN (COSTS off) SELECT balance FROM public.people WHERE id = 1"]):
    runs("g12", f"a plan that tells nothing of it: {' / '.join(steps)}", *steps, expect=(CLEAN,))


def described_before(bench):
    """What a plan's rows are was said before a value was tried."""
    from . import wire
    conversation = bench.open("writer")
    try:
        replies = [conversation.query("BEGIN")]
        replies.append(conversation.talk(wire.parse(COUNTS, "e9") + wire.bind("e9", "e9") + wire.describe("P", "e9") + wire.sync()))
        replies.append(conversation.query(TRIES))
        replies.append(conversation.talk(wire.execute("e9") + wire.sync()))
        for reply in replies:
            bench.look_at(reply)
        return outcome_of(replies[-1])
    finally:
        conversation.query("ROLLBACK")
        conversation.close()


CASES.append(Case("m14", "counts of a plan that was described before", SHOWN_MASKED, agent="writer", steps=described_before))

# --- columns and functions that count
# What is masked here is no 0, no 'f' and no NULL otherwise.
for text in ("SELECT NOT indcheckxmin FROM pg_index WHERE indrelid = 'public.people'::regclass", "SELECT relallvisible + 7 FROM pg_class WHERE relname = 'people'",
             "SELECT (pg_stat_get_replication_slot('none')).total_bytes + 7", "SELECT idx_tup_read + 7 FROM pg_stat_user_indexes WHERE relname = 'people'"):
    runs("m14", text, text, expect=SHOWN_MASKED, agent="reader")
runs("m14", "what waits in an index", "SELECT gin_clean_pending_list('g49') + 7", expect=SHOWN_MASKED, prepared="CREATE INDEX g49 ON people USING gin (tags)",
     undo="DROP INDEX g49")
for text in ("SELECT indisvalid, indrelid::regclass FROM pg_index", "SELECT relname, relpages, reltuples FROM pg_class WHERE relname = 'people'"):
    runs("g12", text, text, expect=(CLEAN,), agent="reader")

# --- the WAL
for text in ("SELECT count(*) FROM pg_get_wal_records_info_till_end_of_wal('0/1000000')", "SELECT * FROM pg_get_wal_stats_till_end_of_wal('0/1000000')"):
    runs("m14", text, text, expect=STOPPED, prepared="CREATE EXTENSION pg_walinspect", undo="DROP EXTENSION pg_walinspect")

# SPDX-License-Identifier: Apache-2.0
"""Counters and positions of the server's that grow by what a value is like: whether the row of a guess was changed in place, which
pages that made dirty, and whether part of an expression ran."""
from .cases import HELD, MASKED, REFUSED
from .indirect import case

CASES = []
STOPPED = (HELD, REFUSED, MASKED)


def runs(*arguments, **named):
    CASES.append(case(*arguments, expect=STOPPED, **named))


HAVE_STATS = "pg_stat_have_stats('relation', (SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_conversion_default_index'::regclass::oid)"
for text in ("SELECT idx_blks_hit + idx_blks_read FROM pg_statio_user_indexes WHERE relname = 'people'",
             "SELECT heap_blks_hit, idx_blks_hit FROM pg_statio_user_tables WHERE relname = 'people'",
             "SELECT n_dead_tup + 1000 FROM pg_stat_user_tables WHERE relname = 'people'", "SELECT n_dead_tup + 1000 FROM pg_stat_all_tables WHERE relname = 'people'",
             "SELECT pg_stat_get_dead_tuples('public.people'::regclass) + 1000", "SELECT redo_lsn FROM pg_control_checkpoint()", "SELECT pg_control_checkpoint()",
             "SELECT min_recovery_end_lsn FROM pg_control_recovery()", "SELECT buffers_checkpoint + 1000, buffers_backend + 1000 FROM pg_stat_bgwriter",
             "SELECT pg_stat_get_bgwriter_buf_written_checkpoints() + 1000", "SELECT pg_stat_get_buf_written_backend() + 1000",
             "SELECT last_archived_wal, archived_count + 1000 FROM pg_stat_archiver", "SELECT wal_fpi + 1000 FROM pg_stat_wal"):
    runs("m15", f"what a change of a secret leaves behind: {text}", text, agent="reader")
for text in (f"SELECT {HAVE_STATS}", f"SELECT id FROM orders WHERE {HAVE_STATS}", f"SELECT CASE WHEN {HAVE_STATS} THEN 'a' ELSE 'b' END"):
    runs("m15", f"whether part of an expression ran: {text}", text, agent="reader")

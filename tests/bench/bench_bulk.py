# SPDX-License-Identifier: Apache-2.0
"""Long results: MB/s from the statement to its end, with no, one and ten masked columns, as text, binary and COPY.

Ten text columns and a key; every side reads the same table, which is sensitive in Sluice's policy alone. Detectors read
every cell that is not masked."""
import os
import pathlib
import statistics
import subprocess

from stage import Stage, compared

HERE = pathlib.Path(__file__).resolve().parent
ROUNDS = int(os.environ.get("BENCH_BULK_ROUNDS", "3"))
MEGABYTES = int(os.environ.get("BENCH_BULK_MB", "1024"))
COLUMNS = [f"c{number}" for number in range(10)]
ROWS = 20000
BYTES_A_ROW = 230

# What each table's masked columns are.
MASKED = {0: [], 1: COLUMNS[:1], 10: COLUMNS}


def tables(postgres):
    repeats = max(1, MEGABYTES * 1000000 // (ROWS * BYTES_A_ROW))
    columns = ", ".join(f"{column} text" for column in COLUMNS)
    values = ", ".join(f"'row ' || lpad(n::text, 8, '0') || ' {column}'" for column in COLUMNS)
    postgres.sql(f"CREATE TABLE times (n int); INSERT INTO times SELECT generate_series(1, {repeats});"
                 + "".join(f"CREATE TABLE bulk{count} (id int, {columns});"
                           f"INSERT INTO bulk{count} SELECT n, {values} FROM generate_series(1, {ROWS}) AS n;"
                           for count in MASKED)
                 + "VACUUM ANALYZE;", database="shop")
    postgres.sql(f"GRANT ALL ON ALL TABLES IN SCHEMA public TO {postgres.login}", database="shop")


def statement(form, count):
    query = f"SELECT b.* FROM times, bulk{count} b"
    return f"COPY ({query}) TO STDOUT" if form == "copy" else query


def measure(stage, reader, form, count):
    """Median MB/s of each side; the sides take turns, and each side's rows are counted."""
    rates = {side: [] for side in stage.sides}
    rows = set()
    for _ in range(ROUNDS):
        for side in stage.sides:
            size, lines, seconds = stage.turn(side, lambda port: [
                reader, port, stage.postgres.login, "binary" if form == "binary" else "text", statement(form, count)]).split()
            rates[side].append(int(size) / float(seconds) / 1e6)
            rows.add(int(lines))
    if len(rows) != 1 or 0 in rows:
        raise RuntimeError(f"the sides had different counts of rows: {sorted(rows)}")
    return {side: statistics.median(values) for side, values in rates.items()}


def rows(only):
    wanted = [(form, count) for form in ("text", "binary", "copy") for count in MASKED
              if f"bulk_{form}_{count}_masked".startswith(only)]
    if not wanted:
        return
    with Stage([f"public.bulk{count}.{column}" for count, columns in MASKED.items() for column in columns], tables) as stage:
        reader = stage.place.dir / "bulk_reader"
        subprocess.run(["gcc", "-O2", "-I/usr/include/postgresql", "-o", reader, HERE / "bulk_reader.c", "-lpq"], check=True)
        for form, count in wanted:
            yield compared(f"bulk_{form}_{count}_masked", "MB/s", measure(stage, reader, form, count), "haproxy",
                           0.8 if count == 0 else None)

# SPDX-License-Identifier: Apache-2.0
"""What is run. Each suite takes a way to the server and gives its output, one file per test. `begins_with`: both runs of it
start from the same data, what the direct run before it left under this name."""
import pathlib
import re
import shutil

from regress.server import HOME

PGXS = pathlib.Path("/usr/lib/postgresql/15/lib/pgxs/src/test")
BIN = pathlib.Path("/usr/lib/postgresql/15/bin")


class Failed(Exception):
    pass


class Suite:
    begins_with = None


def writable(directory):
    directory.mkdir(parents=True)
    shutil.chown(directory, "postgres")
    return directory


def must(done, what):
    if done.returncode != 0:
        raise Failed(f"{what} ended with {done.returncode}:\n{done.stdout[-3000:]}")
    return done.stdout


def passed(text):
    """The tests that pg_regress calls ok."""
    return re.findall(r"^(?:test|\s{4,})\s*(\S+)\s+\.\.\. ok\b", text, flags=re.M)


class PgRegress(Suite):
    """pg_regress and its sister for the isolation tests."""

    def __init__(self, name, program, files, schedule, seconds, extra=()):
        self.name, self.program, self.files, self.schedule, self.seconds = name, program, files, schedule, seconds
        self.extra = list(extra)

    def run(self, way, work, tests=()):
        output = writable(work / "output")
        chosen = list(tests) or [f"--schedule={self.files / self.schedule}"]
        done = way.run(PGXS / self.program, f"--bindir={BIN}", f"--inputdir={self.files}", f"--outputdir={output}",
                       f"--dlpath={self.files}", f"--port={way.server.port}", "--host=localhost", f"--user={way.server.login}",
                       "--max-concurrent-tests=20", *self.extra, *chosen, cwd=output, timeout=self.seconds)
        results = output / "results"
        if not results.is_dir():
            raise Failed(done.stdout[-3000:])
        files = {file.stem: file.read_bytes() for file in results.glob("*.out")}
        # Without the milliseconds, and in the order of the names: parallel tests end as they like.
        files["(passed)"] = "\n".join(sorted(passed(done.stdout))).encode()
        return files


class Pipeline(Suite):
    """libpq_pipeline, and the trace of its messages where PostgreSQL itself compares that."""
    name = "libpq_pipeline"

    def run(self, way, work, tests=()):
        output = writable(work / "output")
        program = HOME / "pipeline/libpq_pipeline"
        files = {}
        for test in tests or must(way.run(program, "tests"), "libpq_pipeline").split():
            trace = output / f"{test}.trace"
            # uniqviol goes on until what it sends fills the buffers of both ends: 15 s through Sluice, minutes if they grew.
            done = way.run(program, "-r", "700", "-t", trace, test, "dbname=postgres", timeout=400)
            # uniqviol tells how far its loop was whenever an answer came.
            told = "" if test == "uniqviol" else done.stdout
            files[test] = f"{told}\nexit {done.returncode}\n".encode()
            if (HOME / "pipeline/traces" / trace.name).exists():
                files[test] += trace.read_bytes()
        return files


class Pgbench(Suite):
    """Every built-in script in every protocol. The same seed gives the same rows, whoever stands between."""
    name = "pgbench"

    def run(self, way, work, tests=()):
        def ask(text):
            return must(way.run(BIN / "psql", "-X", "-At", "-c", text, "bench"), "psql")

        must(way.run(BIN / "createdb", "bench"), "createdb")
        files = {"initialise": re.sub(r"\d+\.\d+ s", "N s", must(
            way.run(BIN / "pgbench", "-i", "-s", "2", "--foreign-keys", "bench"), "pgbench -i")).encode()}
        for script in ("tpcb-like", "simple-update", "select-only"):
            for protocol in ("simple", "extended", "prepared"):
                for clients, extra in ((1, []), (4, ["-j", "2"]), (4, ["-C", "-t", "5"])):
                    text = must(way.run(BIN / "pgbench", "-n", "-b", script, "-M", protocol, "-c", str(clients), "-t", "50",
                                        "--random-seed=7", *extra, "bench", timeout=60), "pgbench")
                    told = [line for line in text.splitlines() if not re.search(r"latency|tps|connection time", line)]
                    name = f"{script} {protocol} {clients} clients{' reconnecting' if '-C' in extra else ''}"
                    files[name] = ("\n".join(told) + ask(
                        "SELECT sum(abalance), count(*) FROM pgbench_accounts; SELECT sum(bbalance) FROM pgbench_branches;"
                        "SELECT sum(tbalance) FROM pgbench_tellers; SELECT count(*), sum(delta), sum(aid) FROM pgbench_history")).encode()
        return files


class DumpAndRestore(Suite):
    """The database that the regression suite left behind, out and in again in every format."""
    name = "pg_dump"
    begins_with = "regressed"

    def run(self, way, work, tests=()):
        output = writable(work / "output")
        files = {}

        def dump(name, *words, database="regression"):
            file = output / name
            files[f"{name}: pg_dump says"] = must(
                way.run(BIN / "pg_dump", *words, "-f", file, database, timeout=120), "pg_dump").encode()
            return file

        def text(file):
            """Without the key, made at random, that fences psql's commands in a dump."""
            return re.sub(rb"^\\(un)?restrict .*$", rb"\\\1restrict KEY", file.read_bytes(), flags=re.M)

        plain = dump("plain", "-Fp")
        files["plain"] = text(plain)
        files["inserts"] = text(dump("inserts", "-Fp", "--inserts", "--rows-per-insert=50"))
        for kind, words in (("custom", []), ("tar", []), ("directory", ["-j2"])):
            archive = dump(kind, f"-F{kind[0]}", *words)
            must(way.run(BIN / "createdb", "-T", "template0", kind), "createdb")
            restored = way.run(BIN / "pg_restore", *words, "-d", kind, archive, timeout=120)
            files[f"{kind}: pg_restore says"] = f"{restored.stdout}exit {restored.returncode}\n".encode()
            files[f"{kind}: restored"] = text(dump(f"again-{kind}", "-Fp", database=kind))
        must(way.run(BIN / "createdb", "-T", "template0", "plain"), "createdb")
        files["plain: psql says"] = way.run(BIN / "psql", "-X", "-q", "-f", plain, "plain", timeout=120).stdout.encode()
        files["plain: restored"] = text(dump("again-plain", "-Fp", database="plain"))
        return files


REGRESSION = PgRegress("regression", "regress/pg_regress", HOME / "regress", "parallel_schedule", 1200, ["--dbname=regression"])
ISOLATION = PgRegress("isolation", "isolation/pg_isolation_regress", HOME / "isolation", "isolation_schedule", 1200,
                      ["--dbname=isolation_regression"])
# In this order: pg_dump takes what regression leaves.
SUITES = {suite.name: suite for suite in (ISOLATION, REGRESSION, DumpAndRestore(), Pipeline(), Pgbench())}

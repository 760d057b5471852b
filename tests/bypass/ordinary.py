# SPDX-License-Identifier: Apache-2.0
"""The other side of a guard: what tools and applications say every day comes back as the server gave it, byte by byte, although
some tables have sensitive columns. Who may only read may run all of it."""
import pathlib
import subprocess

from .cases import CLEAN, Case

CASES = []
STATEMENTS = pathlib.Path(__file__).resolve().parent / "ordinary.sql"
BACKSLASH = (r"\l \dt \dt+ \d \d+ \di \dv \dm \ds \df \df+ \dn \dn+ \du \dT \dT+ \dD \do \dp \ddp \dx \dA \dA+ \dAc \dAf \dAo \dAp \db \dc \dC \dd \des \dew \det \deu \dF \dFd \dFp \dFt"
             r" \dg \dL \dP \dRp \dRs \drds \dX \dy \dS \dE \dl \dti+").split()
BACKSLASH += [r"\d people", r"\d+ people", r"\d orders", r"\d contacts", r"\d+ kept", r"\d counter", r"\df *.*", r"\sf ssn_of", r"\sv contacts", r'\d "Secrets"', r"\d pg_class"]


def case(what):
    def take(function):
        CASES.append(Case("m10", what, (CLEAN,), agent="reader", steps=function))
        return function
    return take


def same_as_direct(bench, script):
    postgres = bench.world.postgres
    ours = bench.world.daemon.run("reader", "psql", "-XAa", f"host=127.0.0.1 port={postgres.port} user=alice dbname=shop", input=script)
    theirs = subprocess.run(["psql", "-XAa", f"host={postgres.home} port={postgres.port} user={postgres.login} password={postgres.password} dbname=shop"], input=script, capture_output=True, text=True)
    assert "ERROR" not in theirs.stderr, theirs.stderr
    assert (ours.stdout, ours.stderr) == (theirs.stdout, theirs.stderr), ours.stderr + "\n".join(
        line for line in ours.stdout.splitlines() if line not in theirs.stdout.splitlines())[:2000]
    return CLEAN


@case("psql's commands about the catalogue")
def _(bench):
    return same_as_direct(bench, "\n".join(BACKSLASH) + "\n")


@case("what ORMs and other tools ask, and what applications send")
def _(bench):
    direct = bench.world.ask_direct
    for extension in ("pg_trgm", "unaccent", "hstore"):
        direct(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    try:
        return same_as_direct(bench, STATEMENTS.read_text())
    finally:
        direct("DROP EXTENSION pg_trgm; DROP EXTENSION unaccent; DROP EXTENSION hstore")

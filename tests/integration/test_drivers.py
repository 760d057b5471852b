# SPDX-License-Identifier: Apache-2.0
"""Each driver's ordinary use, without a change: one program per driver says the same through Sluice as at the server itself.

The agent believes in the host CA by the variables that `sluice run` gives it, checks the server's name, and has a user and a
password that mean nothing.
"""
import os
import pathlib
import re
import subprocess

import pytest

from two_resources import HOSTS, daemon, postgres  # noqa: F401

HERE = pathlib.Path(__file__).resolve().parent / "clients" / "drivers"
NODE_MODULES = "/usr/local/lib/sluice-test/node_modules"
POSTGRESQL_JAR = "/usr/share/java/postgresql.jar"


def built(place, name, *command):
    """What `command` makes of a source in a compiled language, made once."""
    target = place.dir / name
    if not target.exists():
        subprocess.run([*map(str, command)], check=True, cwd=place.dir, capture_output=True)
        target.chmod(0o755)
    return target


def command_of(driver, place):
    if driver == "psql":
        return ["psql", "-X", "-f", HERE / "with_psql.sql"]
    if driver == "pgjdbc":
        built(place, "WithPgjdbc.class", "ecj", "-17", "-proc:none", "-encoding", "UTF-8", "-cp", POSTGRESQL_JAR, "-d", place.dir,
              HERE / "WithPgjdbc.java")
        return ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp",
                f"{POSTGRESQL_JAR}:{place.dir}", "WithPgjdbc"]
    if driver == "libpqxx":
        source = HERE / "with_libpqxx.cpp"
        return [built(place, "with_libpqxx", "g++", "-std=c++17", "-O0", "-o", place.dir / "with_libpqxx", source, "-lpqxx", "-lpq")]
    if driver in ("pg", "postgres_js", "knex"):
        return ["node", HERE / f"with_{driver}.js"]
    return ["/usr/bin/python3", HERE / f"with_{driver}.py"]


DRIVERS = ["psql", "psycopg2", "psycopg3", "asyncpg", "pg8000", "sqlalchemy", "pgjdbc", "libpqxx", "pg", "postgres_js", "knex"]


def words(postgres, host, user, **more):
    return {"PGHOST": host, "PGPORT": str(postgres.port), "PGUSER": user, "PGDATABASE": "shop", "PGSSLMODE": "verify-full",
            "PGTZ": "UTC", "NODE_PATH": NODE_MODULES, "LC_ALL": "C.UTF-8", **more}


def directly(postgres, driver, command):
    where = words(postgres, "localhost", postgres.login, PGPASSWORD=postgres.password, PGSSLROOTCERT=str(postgres.ca))
    if driver == "pg8000":  # this version knows no SCRAM
        where = words(postgres, str(postgres.home), "postgres", PGPASSWORD="")
    return subprocess.run([*map(str, command)], env={**os.environ, **where}, capture_output=True, text=True,
                          errors="backslashreplace", timeout=120)


def comparable(done):
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    # What is another in each run: process ids and the OIDs of what was made.
    text = re.sub(r"PID \d+", "PID", done.stdout + done.stderr)
    text = re.sub(r"(?<=[( ])(1[6-9]|[2-9]\d)\d{3}(?=[,)])", "OID", text)
    return text.splitlines()


@pytest.fixture(scope="module")
def said_directly():
    """What each driver's program said at the server itself."""
    return {}


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("driver", DRIVERS)
def test_says_the_same_through_sluice_as_at_the_server(daemon, postgres, place, said_directly, driver, host):
    table = f"of_{driver}"
    command = command_of(driver, place)
    command += ["-v", f"table={table}"] if driver == "psql" else [table]
    if driver not in said_directly:
        said_directly[driver] = comparable(directly(postgres, driver, command))
    done = daemon.run("writer", *command, env=words(postgres, host, "alice"), timeout=120,
                      errors="backslashreplace")
    assert comparable(done) == said_directly[driver]
    assert len(said_directly[driver]) > 5

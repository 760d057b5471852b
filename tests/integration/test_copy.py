# SPDX-License-Identifier: Apache-2.0
"""COPY through Sluice: each format of the real server, byte for byte but for what is sensitive."""
import subprocess

import pytest

SSNS = [b"078-05-1120", b"219-09-9999"]
EMAILS = [b"ada@example.com", b"bob@example.com"]

# Every way that the server has of writing a value, in the columns of one table; one is generated.
AWKWARD = r"""
CREATE TABLE awkward (id int PRIMARY KEY, words text, twice int GENERATED ALWAYS AS (id * 2) STORED, price numeric,
                      at timestamptz, bytes bytea, list text[], document jsonb, nothing text);
INSERT INTO awkward (id, words, price, at, bytes, list, document, nothing) VALUES
  (1, E'tab\there\nand a line\r\n\\ and \\N', 1.50, '2026-01-02 03:04:05+00', '\x00ff5c0a', '{a,"b,c",NULL}', '{"a": "\\t"}', NULL),
  (2, '\N', 'NaN', 'infinity', '', '{}', '[]', ''),
  (3, '\.', -1e20, NULL, NULL, NULL, 'null', 'nil'),
  (4, E'quotes "double" and ''single'', ; | \b\f\v', 0, 'epoch', '\x', '{"\"","\\\\"}', '"x"', '"'),
  (5, U&'\00e9\4e2d\+01f600', 7, now(), '\x0a0d', '{"a\tb"}', '{}', E'\\');
"""
STYLES = ["", "(HEADER)", "(DELIMITER '|', NULL 'nil')", "(DELIMITER E'\\x0b')", "(FORMAT csv)", "(FORMAT csv, HEADER, FORCE_QUOTE *)",
          "(FORMAT csv, DELIMITER ';', NULL 'nil', QUOTE '''', ESCAPE '\\')", "(FORMAT csv, DELIMITER E'\\t')", "(FORMAT binary)"]
SOURCES = ["awkward", "awkward (words, id, nothing)", "(SELECT words, document, list, bytes, at FROM awkward ORDER BY id)",
           "(SELECT FROM awkward)"]


@pytest.fixture(scope="module")
def tables(postgres):
    postgres.sql(AWKWARD + f"GRANT ALL ON awkward TO {postgres.login}; CREATE TABLE received (LIKE customers);", database="shop")


def direct(postgres, command):
    subprocess.run([postgres.bin / "psql", "-h", postgres.home, "-p", str(postgres.port), "-U", "postgres", "-d", "shop", "-X", "-q",
                    "-v", "ON_ERROR_STOP=1", "-c", command], check=True)


def through(daemon, target, command):
    return daemon.run("writer", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", target, "-c", command)


def copied(daemon, target, place, source, style=""):
    file = place.dir / "copied"
    file.unlink(missing_ok=True)
    done = through(daemon, target, f"\\copy {source} to '{file}' {style}")
    assert done.returncode == 0, done.stderr
    return file.read_bytes()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("source", SOURCES)
def test_what_is_not_sensitive_comes_byte_for_byte(daemon, postgres, target, place, tables, source, style):
    place.dir.chmod(0o755)
    file = place.dir / "direct"
    direct(postgres, f"\\copy {source} to '{file}' {style}")
    assert copied(daemon, target, place, source, style) == file.read_bytes()


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("source", ["customers", "customers (ssn, email)", "contacts_copy", "(SELECT * FROM customers)",
                                    "(SELECT upper(ssn), email AS id FROM customers)",
                                    "(UPDATE customers SET balance = balance WHERE id > 0 RETURNING ssn, *)"])
def test_nothing_sensitive_comes_in_any_format(daemon, target, place, tables, source, style):
    if source == "contacts_copy":
        source = "(SELECT code, name FROM contacts)"
    data = copied(daemon, target, place, source, style)
    assert data
    for secret in SSNS + EMAILS + [ssn.replace(b"-", b"") for ssn in SSNS]:
        assert secret not in data


def test_masked_text_and_csv_are_what_a_select_shows(daemon, target, place, tables):
    assert copied(daemon, target, place, "customers (id, name, email, ssn)") == \
        b"1\tAda\ta***@example.com\t[redacted]\n2\tBob\tb***@example.com\t[redacted]\n"
    assert copied(daemon, target, place, "customers (id, ssn)", "(FORMAT csv, HEADER)") == \
        b'id,ssn\n1,"[redacted]"\n2,"[redacted]"\n'


@pytest.mark.parametrize("style", STYLES)
def test_what_was_masked_is_still_a_copy_that_the_server_reads(daemon, postgres, target, place, tables, style):
    copied(daemon, target, place, "customers", style)
    if "HEADER" in style:
        style = style.replace(", FORCE_QUOTE *", "")
    postgres.sql("TRUNCATE received", database="shop")
    direct(postgres, f"\\copy received from '{place.dir / 'copied'}' {style}")
    assert postgres.sql("SELECT id, name, email, ssn, balance FROM received ORDER BY id", database="shop") == \
        "1|Ada|a***@example.com|[redacted]|10\n2|Bob|b***@example.com|[redacted]|20"


def test_a_value_cannot_be_guessed_by_the_word_for_null(daemon, target, place, tables):
    assert copied(daemon, target, place, "customers (ssn)", "(NULL '078-05-1120')") == b"[redacted]\n[redacted]\n"


def test_a_copy_in_of_sensitive_columns_goes_in(daemon, postgres, target, place, tables):
    file = place.dir / "more"
    file.write_text("70,Zoe,000-00-0070\n")
    done = through(daemon, target, f"\\copy customers (id, name, ssn) from '{file}' csv")
    assert done.returncode == 0, done.stderr
    assert postgres.sql("DELETE FROM customers WHERE id = 70 RETURNING ssn", database="shop") == "000-00-0070"


@pytest.mark.parametrize("command, why", [
    ("SET client_encoding TO 'SJIS'; COPY customers TO STDOUT", "encoding"),
    ("COPY customers TO STDOUT (ENCODING 'GBK')", "encoding"),
    ("COPY customers TO STDOUT (FORMAT csv, ESCAPE E'\\n')", "options"),
])
def test_what_cannot_be_read_is_refused_and_says_why(daemon, target, tables, command, why):
    done = daemon.run("writer", "psql", "-X", target, *[part for one in command.split("; ") for part in ("-c", one)])
    assert done.returncode != 0 and why in done.stderr, done.stderr
    assert "078-05" not in done.stdout


def test_a_table_that_somebody_else_alters_is_masked_as_it_is_now(daemon, postgres, target, place, tables):
    """No DDL passes Sluice here: only a look at the catalogue of this moment can tell."""
    postgres.sql(f"CREATE TABLE swapped (a text, b text); GRANT ALL ON swapped TO {postgres.login};"
                 "INSERT INTO swapped VALUES ('clear', 'b')", database="shop")
    assert copied(daemon, target, place, "swapped") == b"clear\tb\n"
    postgres.sql("DROP TABLE swapped; CREATE TABLE swapped (email text, b text);"
                 f"GRANT ALL ON swapped TO {postgres.login};"
                 "INSERT INTO swapped VALUES ('ada@example.com', 'b')", database="shop")
    assert copied(daemon, target, place, "swapped") == b"a***@example.com\tb\n"

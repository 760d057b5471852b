# SPDX-License-Identifier: Apache-2.0
"""The classes of attack that a SQL guardrail and a masking engine must resist, and what other products were got round by.
Each has at least one case; test_bypass.py sees to it."""

GUARDRAILS = {
    "g01": "case, white space, comments",
    "g02": "nested comments, -- in strings, executable comments",
    "g03": "E'', dollar quotes, U&'', U&\"\", standard_conforming_strings",
    "g04": "several statements in one",
    "g05": "changes inside of what begins with another word",
    "g06": "DO, CALL, PREPARE and EXECUTE",
    "g07": "functions with side effects in SELECT",
    "g08": "programs, files, extensions, settings, roles, foreign data, replication",
    "g09": "search_path, temporary tables, views, quoted and qualified names",
    "g10": "fastpath, cursors, pipelining, replication mode",
    "g11": "encodings, invalid UTF-8, zero bytes, size, parser bombs",
    "g12": "session state",
    "g13": "what was approved is changed before it runs",
}

MASKING = {
    "m01": "alias",
    "m02": "casts and functions",
    "m03": "aggregates into json, xml, arrays, strings",
    "m04": "whole rows",
    "m05": "set operations",
    "m06": "subqueries, CTEs, LATERAL, VALUES",
    "m07": "views, materialised views, functions that return rows",
    "m08": "copies that are read later",
    "m09": "RETURNING",
    "m10": "COPY and dumps",
    "m11": "prepared, binary, undescribed",
    "m12": "texts of errors",
    "m13": "notices and notifications",
    "m14": "EXPLAIN, statistics, activity",
    "m15": "inference by predicates, order, counts, NULLs, time",
    "m16": "dblink, foreign tables, large objects, logical decoding",
    "m17": "a mask of another type",
    "m18": "split over rows, cells, answers",
}

PEERS = {
    "pgcat a": "what cannot be parsed is forwarded",
    "pgcat b": "what is too long to be parsed is forwarded",
    "pgcat c": "a setting of the client's switches the parser off",
    "pgcat d": "a later verdict in the same pipeline replaces the first",
    "pgcat e": "what was refused stays prepared and runs in the next batch",
    "pgcat f": "names are compared as they are written",
    "proxysql a": "only simple queries are looked at",
    "proxysql b": "long statements share a digest",
    "proxysql c": "a replication command ends all looking",
    "acra a": "the deny list is skipped where there is no parse tree",
    "acra b": "tables are known by their bare name",
    "envoy": "an encrypted session is not looked at",
    "warpgate, teleport": "statements are recorded and not judged",
    "hoop": "masked columns are forgotten when a statement is executed again",
}

ALL = {**GUARDRAILS, **MASKING, **PEERS}

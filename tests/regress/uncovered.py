# SPDX-License-Identifier: Apache-2.0
"""What the server did that the analysis of its text does not say. Each kind of it is in uncovered.yaml with its cause, or is
an error; and so is one that is listed there and does not happen."""
import collections
import pathlib
import typing

import yaml

LISTED = pathlib.Path(__file__).with_name("uncovered.yaml")
EXAMPLES_MAX = 6

# pgaudit's class and command -> the actions of which the statement must have one. Where a command is not named, its class
# decides.
NEEDED = {
    "READ": {"read"}, "READ COPY": {"copy_out", "host"},
    "WRITE INSERT": {"insert"}, "WRITE UPDATE": {"update"}, "WRITE DELETE": {"delete"}, "WRITE TRUNCATE TABLE": {"delete"},
    "WRITE MERGE": {"insert", "update", "delete"}, "WRITE PREPARE": {"insert", "update", "delete"}, "WRITE COPY": {"copy_in", "host"},
    # A function that is not volatile is not an action of its own: it can only read.
    "FUNCTION": {"read", "call"}, "FUNCTION DO": {"call"},
    "MISC CALL": {"call"},
    "MISC EXECUTE": {"read", "insert", "update", "delete", "ddl", "call"},  # what it runs is acts of its own
    "ROLE": {"grant"}, "DDL": {"ddl"},
    "MISC": {"session", "transaction", "host", "ddl", "read"}, "MISC_SET": {"session", "transaction", "grant", "host"},
}


class Act(typing.NamedTuple):
    """What pgaudit wrote: the statement's number and that of a part of it, its words, and its text."""
    statement: int
    part: int
    kind: str
    command: str
    object: str
    text: str


class Uncovered:
    def __init__(self):
        self.found = collections.defaultdict(list)
        self.acts = self.by_unknown = self.only_reads = 0

    def look(self, test, text, statements, acts, causes):
        actions = {action for statement in statements for action in statement["actions"]}
        for act in acts:
            self.acts += 1
            needed = NEEDED.get(f"{act.kind} {act.command}") or NEEDED.get(act.kind, set())
            if actions & needed:
                continue
            # Either says of a statement that there is no telling what it does; call, of what its functions do.
            if "unknown" in actions or ("call" in actions and (act.part > 1 or not causes.own(act))):
                self.by_unknown += 1
            elif causes.only_reads(act):
                self.only_reads += 1
            else:
                did = " ".join(f"{act.kind} {act.command} {act.object}: {act.text}".split())
                self.found[causes.of(act, statements)].append(f"{test}: {' '.join(text.split())[:160]} -> {sorted(actions)}; {did[:160]}")

    def listed(self):
        return yaml.safe_load(LISTED.read_text()) or {}

    def right(self, whole):
        """`whole`: all tests ran, so that what is listed and did not happen is stale."""
        found, listed = self.found.keys(), self.listed().keys()
        return self.acts > 0 and (found == listed if whole else found <= listed)

    def text(self, whole):
        listed = self.listed()
        said = self.acts - self.by_unknown - self.only_reads - sum(map(len, self.found.values()))
        beyond = sum(len(found) for key, found in self.found.items() if key not in listed)
        lines = [f"actions: {self.acts} acts of the server: {said} are actions of their statement, {self.by_unknown} are covered by call "
                 f"or unknown, {self.only_reads} are calls that can only read; {sum(map(len, self.found.values())) - beyond} are beyond "
                 f"the text for a listed cause, {beyond} for none"]
        for key, found in sorted(self.found.items()):
            lines.append(f"  {key}: {len(found)}: {listed.get(key, 'NOT LISTED')}")
            if key not in listed:
                lines += [f"      {example}" for example in found[:EXAMPLES_MAX]]
        if whole:
            lines += [f"  {key}: STALE, it does not happen" for key in sorted(listed.keys() - self.found.keys())]
        return "\n".join(lines)

# SPDX-License-Identifier: Apache-2.0
"""What the server did that the analysis of its text does not say. Each kind of it is in uncovered.yaml with its cause, or is
an error; and so is one that is listed there and does not happen."""
import collections
import pathlib

import yaml

LISTED = pathlib.Path(__file__).with_name("uncovered.yaml")

# pgaudit's class and command -> the actions of which the statement must have one. Where a command is not named, its class
# decides.
NEEDED = {
    "READ": {"read"}, "READ COPY": {"copy_out", "host"},
    "WRITE INSERT": {"insert"}, "WRITE UPDATE": {"update"}, "WRITE DELETE": {"delete"}, "WRITE TRUNCATE TABLE": {"delete"},
    "WRITE MERGE": {"insert", "update", "delete"}, "WRITE PREPARE": {"insert", "update", "delete"}, "WRITE COPY": {"copy_in", "host"},
    # A function that is not volatile is not an action of its own: it can only read.
    "FUNCTION": {"read", "call"}, "FUNCTION DO": {"call"},
    "ROLE": {"grant"}, "DDL": {"ddl"},
    "MISC": {"session", "transaction", "host", "ddl", "read"}, "MISC_SET": {"session", "transaction", "grant", "host"},
}


class Uncovered:
    def __init__(self):
        self.found = collections.defaultdict(list)
        self.acts = self.by_unknown = 0

    def look(self, test, text, statements, audits):
        actions = {action for statement in statements for action in statement["actions"]}
        kinds = " and ".join(dict.fromkeys(statement["kind"] for statement in statements))
        for _, substatement, kind, command in audits:
            self.acts += 1
            needed = NEEDED.get(f"{kind} {command}") or NEEDED.get(kind, set())
            if actions & needed:
                continue
            # Either says of a statement that there is no telling what it does; call, of what its functions do.
            if "unknown" in actions or (substatement > 1 and "call" in actions):
                self.by_unknown += 1
                continue
            # What runs inside of a statement is functions, triggers and the like: which is all one.
            key = f"inside of {kinds}" if substatement > 1 else f"{kind} {command} by {kinds}"
            self.found[key].append(f"{test}: {' '.join(text.split())[:160]} -> {sorted(actions)}")

    def listed(self):
        return yaml.safe_load(LISTED.read_text()) or {}

    def right(self):
        return self.acts > 0 and self.found.keys() == self.listed().keys()

    def text(self):
        listed = self.listed()
        lines = [f"actions: {self.acts} acts of the server; {self.acts - self.by_unknown - sum(map(len, self.found.values()))} are "
                 f"actions of their statement, {self.by_unknown} are covered by call or unknown; not said by the text: "
                 f"{sum(len(found) for found in self.found.values())}"]
        for key, found in sorted(self.found.items()):
            lines.append(f"  {key}: {len(found)}: {listed.get(key, 'NOT LISTED')}")
            if key not in listed:
                lines += [f"      {example}" for example in found[:4]]
        lines += [f"  {key}: STALE, it does not happen" for key in sorted(listed.keys() - self.found.keys())]
        return "\n".join(lines)

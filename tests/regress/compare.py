# SPDX-License-Identifier: Apache-2.0
"""Holds the output of two runs against each other and against the differences that are known."""
import difflib
import pathlib

import yaml

EXCEPTIONS = pathlib.Path(__file__).with_name("exceptions.yaml")
SHOWN_LINES_MAX = 12


def difference(direct, through):
    """The lines that only one of them has, marked - and +, without their places."""
    def lines(content):
        return [] if content is None else content.decode("utf-8", "backslashreplace").splitlines()

    return [line for line in difflib.unified_diff(lines(direct), lines(through), n=0, lineterm="")
            if line[:3] not in ("---", "+++") and line[:2] != "@@"]


class Comparison:
    def __init__(self, direct, through, whole=True):
        """`whole`: all tests ran, so that an exception that did not happen is stale."""
        listed = yaml.safe_load(EXCEPTIONS.read_text()) or {}
        self.rows = []
        for suite, files in direct.items():
            exceptions = listed.get(suite, {})
            for test in sorted(files.keys() | through[suite].keys()):
                self.rows.append(self._row(suite, test, files.get(test), through[suite].get(test), exceptions.get(test)))
            missing = exceptions.keys() - files.keys() if whole else ()
            self.rows += [(suite, test, "stale", "it is listed, and there is no such test", []) for test in sorted(missing)]

    @staticmethod
    def _row(suite, test, direct, through, exception):
        if direct == through:
            return (suite, test, "stale", "the listed difference did not happen", []) if exception else (suite, test, "same", "", [])
        lines = difference(direct, through)
        if exception and lines == exception["lines"].splitlines():
            return suite, test, "listed", exception["cause"], []
        return suite, test, "DIFFERENT", "not as listed" if exception else "", lines or ["(bytes that no line shows)"]

    def right(self):
        return bool(self.rows) and all(row[2] in ("same", "listed") for row in self.rows)

    def text(self):
        out = []
        for suite, test, state, why, lines in self.rows:
            if state == "same":
                continue
            out.append(f"{suite} {test}: {state}{': ' if why else ''}{why}")
            out += [f"    {line}" for line in lines[:SHOWN_LINES_MAX]]
            if len(lines) > SHOWN_LINES_MAX:
                out.append(f"    ... {len(lines)} lines in all")
        for suite in dict.fromkeys(row[0] for row in self.rows):
            states = [row[2] for row in self.rows if row[0] == suite]
            out.append(f"{suite}: {len(states)} compared, {states.count('same')} the same, {states.count('listed')} with a listed "
                       f"difference, {states.count('DIFFERENT')} different, {states.count('stale')} stale")
        return "\n".join(out)

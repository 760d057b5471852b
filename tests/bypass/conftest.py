# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from bypass import classes  # noqa: E402
from bypass.world import World  # noqa: E402


@pytest.fixture(scope="session")
def world():
    world = World()
    yield world
    world.close()


OUTCOMES = []  # (row, case, form, outcome)


@pytest.fixture(scope="session")
def outcomes():
    return OUTCOMES


def pytest_terminal_summary(terminalreporter):
    if not OUTCOMES:
        return
    terminalreporter.section("bypass: class, cases, runs, outcomes")
    for row, what in classes.ALL.items():
        mine = [entry for entry in OUTCOMES if entry[0] == row]
        counts = {}
        for _, _, _, outcome in mine:
            counts[outcome] = counts.get(outcome, 0) + 1
        text = ", ".join(f"{count} {outcome}" for outcome, count in sorted(counts.items()))
        terminalreporter.write_line(f"{row:18} {what[:64]:64} {len({entry[1] for entry in mine}):4} {len(mine):5}  {text}")

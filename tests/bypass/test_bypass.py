# SPDX-License-Identifier: Apache-2.0
"""Each known way past a guardrail or a mask, tried on a real PostgreSQL through a real sluiced: a value that must never arrive
does not, in any byte, and a table that must never change does not."""
import importlib
import pathlib
import re

import pytest

from bypass import canary, classes, masking
from bypass.cases import Bench

# Whatever module of this directory has cases.
MODULES = [importlib.import_module(f"bypass.{file.stem}") for file in sorted(pathlib.Path(__file__).parent.glob("*.py"))
           if re.search(r"^CASES\b", file.read_text(), re.MULTILINE) and file.stem != "test_bypass"]
CASES = [case for module in MODULES for case in module.CASES]


def test_every_class_has_a_case():
    assert {case.row for case in CASES} == set(classes.ALL)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name())
def test_case(world, outcomes, case):
    bench = Bench(world, case)
    for form, outcome in bench.run().items():
        outcomes.append((case.row, case.name(), form, outcome))
    assert not bench.problems, "\n".join([case.what] + bench.problems)


def test_no_recording_and_no_log_holds_a_canary(world):
    conversation = world.open()
    for case in masking.CASES:
        if not case.steps:
            conversation.query(case.what)
            conversation.query("ROLLBACK")
    # A refusal names its session.
    session = re.search(r"ses-[0-9a-f]+", conversation.query("DROP TABLE guarded").errors()[0]["H"]).group()
    conversation.close()
    # Blocks of a recording may be compressed, so it is also read as a person would.
    everything = world.daemon.recordings_text() + world.daemon.log_text()
    for form in ("text", "json"):
        everything += world.daemon.sluice("replay", session, "--format", form).stdout
    assert "[redacted]" in everything, "the recordings were read"
    for word in canary.WORDS + [str(pin) for pin in canary.PINS]:
        assert word not in everything and word[::-1] not in everything

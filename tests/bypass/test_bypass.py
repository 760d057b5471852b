# SPDX-License-Identifier: Apache-2.0
"""Each known way past a guardrail or a mask, tried on a real PostgreSQL through a real sluiced: a value that must never arrive
does not, in any byte, and a table that must never change does not."""
import re

import pytest

from bypass import (
    approved, below, canary, casts_within, catalogue, checks_unseen, classes, counters, declared, ends,
    equal_or_not, guardrails, hidden, in_turn, indirect, kept_settings, kept_trees, laid_over, mask_sizes, masking,
    meanwhile, names, namesakes, noticed, objects, open_rows, orders, ordinary, other_sessions, overheard,
    owned_sequences, parts, prepared_meaning, retyped, shifted, steps, system_tables, taken_over, temporary_views,
    told, trigger_arguments, types_that_call, understated, unnamed_code, unsafe_definitions, unseen_changes,
    unsettled, unwritten, who_is_asked)
from bypass.cases import Bench

MODULES = (
    guardrails, masking, steps, hidden, catalogue, ordinary, orders, told, approved, below, casts_within,
    checks_unseen, counters, declared, ends, equal_or_not, in_turn, indirect, kept_settings, kept_trees, laid_over,
    mask_sizes, meanwhile, names, namesakes, noticed, objects, open_rows, other_sessions, overheard,
    owned_sequences, parts, prepared_meaning, retyped, shifted, system_tables, taken_over, temporary_views,
    trigger_arguments, types_that_call, understated, unnamed_code, unsafe_definitions, unseen_changes, unsettled,
    unwritten, who_is_asked)
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

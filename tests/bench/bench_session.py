# SPDX-License-Identifier: Apache-2.0
"""What a session costs beside the network, as session_costs.cpp measures it, against the budgets of the design."""
import json
import statistics
import subprocess

from support.daemon import BUILD

BUDGETS = {"mask_cells": 1e6, "mask_copy_cells": 1e6, "detect_text": 500, "detect_cells": 500}


def row(name, unit, value, peer, peer_value, budget, met):
    return {"name": name, "unit": unit, "sluice": value, "peer": peer, "peer_value": peer_value, "direct_value": None,
            "ratio": value / peer_value, "budget": budget, "met": met}


def rows(only):
    done = subprocess.run([BUILD / "bench" / "session_costs"], capture_output=True, text=True, check=True)
    measured = [json.loads(line) for line in done.stdout.splitlines()]
    value = {one["name"]: statistics.median(one["values"]) for one in measured}
    unit = {one["name"]: one["unit"] for one in measured}
    found = [row(name, unit[name], value[name], "budget", budget, f">= {budget:,.0f}", value[name] >= budget)
             for name, budget in BUDGETS.items()]
    ratio = value["policy_10000"] / value["policy_10"]
    found.append(row("policy_10000_rules", unit["policy_10"], value["policy_10000"], "10 rules", value["policy_10"],
                     ">= 0.909", ratio >= 1 / 1.1))
    # How much of a statement's time is not the network's: no budget of its own.
    found.append(row("statements_simple", unit["statements_simple"], value["statements_simple"], "prepared",
                     value["statements_prepared"], "none", True))
    return [one for one in found if only in ("", "session") or one["name"].startswith(only)]

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`make bench`: every benchmark measures Sluice and its peer in one run and prints a row with their ratio.

Each also writes build/bench/NAME.json: name, unit, sluice, peer, peer_value, direct_value, ratio, budget, met, and where
there are more peers than one: others.
Figures of a shared machine drift: the sides take turns, and the median of the rounds is what is compared.
"""
import argparse
import importlib
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
OUT = HERE.parents[1] / "build" / "bench"
# How the names of its rows begin, by module.
MODULES = {"pgbench": ["pgbench"], "bulk": ["bulk"], "idle": ["idle"], "connect": ["connect"], "revoke": ["revoke"],
           "session": ["session", "mask", "detect", "policy", "statements"]}


def show(row):
    direct = f"{row['direct_value']:>12,.1f}" if row["direct_value"] is not None else " " * 12
    others = "".join(f"   {peer} {value:,.1f}" for peer, value in row.get("others", {}).items())
    print(f"{row['name']:<28} {row['unit']:<12} sluice {row['sluice']:>12,.1f}   {row['peer']:<10} "
          f"{row['peer_value']:>12,.1f}   direct {direct}   ratio {row['ratio']:.3f}   "
          f"budget {row['budget']}   {'met' if row['met'] else 'NOT MET'}{others}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", help="a name, or how names begin: pgbench, connect_direct")
    options = parser.parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    for module, beginnings in MODULES.items():
        if options.only and not any(options.only.startswith(one) or one.startswith(options.only) for one in beginnings):
            continue
        for row in importlib.import_module(f"bench_{module}").rows(options.only or ""):
            show(row)
            (OUT / f"{row['name']}.json").write_text(json.dumps(row, indent=1) + "\n")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Runs every escape case in every mode against a real sluiced, prints one table, and fails where a path that should be
held is not, or where one that is listed as open is held (then the list is stale).

  run.py [--modes user,root,enrolled] [--cases NAME,...] [--root-cgroup] [--without-restarts]
         [--json FILE] [--mutation [--programs PATTERN] | --control]

--root-cgroup attaches the programs to the root cgroup of the machine: only in a virtual machine.
--without-restarts leaves out the rows that are open and after which a new daemon must be started: a minute each in a guest.
--mutation takes away one attached program at a time: each case that is held_alone_by it must be held before, and get
through after. With --cases those cases are tried instead.
--control runs what the canaries judge without any Sluice: each must reach its canary, or it would prove nothing.
"""
import argparse
import fnmatch
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from escape.bench import Bench  # noqa: E402
from escape.table import MODES, Table, programs_in  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--cases", default="")
    parser.add_argument("--root-cgroup", action="store_true")
    parser.add_argument("--without-restarts", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--mutation", action="store_true")
    parser.add_argument("--programs", default="*", help="those that --mutation takes away, as a pattern of their names")
    parser.add_argument("--control", action="store_true")
    return parser.parse_args()


def table_text(rows):
    heads = ("case", "mode", "tried", "got", "held", "by", "expected")
    cells = [heads] + [tuple(str(row[head]) for head in heads) for row in rows]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    lines = []
    for line, row in zip(cells, [None, *rows]):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()
        lines.append(text + ("" if row is None or row["right"] else "   <-- WRONG: " + row["wrong"]))
    return "\n".join(lines)


def mutation(bench, table, programs, wanted):
    """In the mode in which no launcher stands beside the programs."""
    wrong = 0
    chosen = {link: [case for case in table.cases if (case.name in wanted if wanted else link in case.held_alone_by)]
              for link in fnmatch.filter(bench.pins, programs)}
    # What takes the pins comes last: a new daemon takes a guest a minute.
    links = sorted(chosen, key=lambda link: any(case.needs_daemon and not case.breaks for case in chosen[link]))
    for link in links:
        cases = chosen[link]
        pairs = bench.mutate(table, cases, link)
        amiss = [f"{row['case']}: before, {row['wrong']}" for row, _ in pairs if not row["right"]]
        amiss += [f"{row['case']}: it is held without it too (got {row['got']})" for _, row in pairs if row["held"] == "yes"]
        through = [row["case"] for _, row in pairs if row["held"] == "no"]
        wrong += bool(amiss or not pairs)
        print(f"without {link}: {' and '.join(through) or 'nothing'} gets through{''.join('   <-- WRONG: ' + what for what in amiss)}",
              flush=True)
    print(f"mutation: {len(links)} programs, {wrong} that are not missed as listed")
    return 1 if wrong or not links else 0


def control(table):
    cases = [case for case in table.cases if case.oracle == "canary" and not case.needs_daemon]
    with Bench(with_daemon=False) as bench:
        rows = bench.control(cases)
    wrong = [row for row in rows if row["held"] == "yes" and row["by"] != "kernel"]
    for row in wrong:
        print(f"{row['case']}: tried {row['tried']}, got {row['got']}: it does not get through where nothing holds it")
    through = sum(row["held"] == "no" for row in rows)
    print(f"control: {len(rows)} cases without Sluice: {through} get through, {len(rows) - through - len(wrong)} the kernel refuses")
    return 1 if wrong or not rows else 0


def main():
    options = arguments()
    table = Table()
    if options.control:
        return control(table)
    with Bench(root_cgroup=options.root_cgroup) as bench:
        table.check(bench.built_cases(), (TOP / "THREAT_MODEL.md").read_text(), programs_in(TOP / "bpf"))
        wanted = options.cases.split(",") if options.cases else [case.name for case in table.cases]
        unknown = set(wanted) - {case.name for case in table.cases}
        if unknown:
            raise SystemExit(f"no such case: {', '.join(sorted(unknown))}")
        if options.mutation:
            return mutation(bench, table, options.programs, wanted if options.cases else [])
        rows = []
        for mode in options.modes.split(","):
            cases = [case for case in table.cases if case.name in wanted]
            if options.without_restarts:
                cases = [case for case in cases if not case.needs_daemon or case.holders(mode, table.active(bench.pins, options.root_cgroup))]
            rows += bench.run(table, cases, mode)
    print(table_text(rows))
    wrong = [row for row in rows if not row["right"]]
    held = sum(row["held"] == "yes" for row in rows)
    print(f"escape: {len(wanted)} cases, {len(rows)} rows: {held} held, {len(rows) - held} open; {len(wrong)} not as listed")
    if options.json:
        options.json.write_text(json.dumps({"rows": rows}, indent=1))
    return 1 if wrong or not rows else 0


if __name__ == "__main__":
    sys.exit(main())

# SPDX-License-Identifier: Apache-2.0
"""cases.yaml: what each case is about, and what holds it in each mode."""
import fnmatch
import pathlib
import platform
import re

import yaml

HERE = pathlib.Path(__file__).resolve().parent
MODES = ("user", "root", "enrolled")
ORACLES = ("canary", "program", "audit")


class Case:
    def __init__(self, entry, mechanisms):
        self.name = entry.pop("case")
        self.about = entry.pop("from")
        self.oracle = entry.pop("oracle", "canary")
        self.inbound = entry.pop("inbound", None)  # the setting whose port, or socket, somebody outside connects to
        self.breaks = entry.pop("breaks", False)  # where it gets through, nothing after it can be judged without a new daemon
        self.needs_daemon = self.breaks or entry.pop("needs_daemon", False)
        self.open = entry.pop("open", None)  # title of the line in THREAT_MODEL.md
        self.held_alone_by = entry.pop("held_alone_by", "").split()  # each of these programs: without it the case gets through
        everywhere = entry.pop("held", "")
        self.held_by = {mode: entry.pop(mode, everywhere).split() for mode in MODES}
        # Without Sluice only the kernel is left, and where it does not refuse, the path is open: that is the control run.
        self.held_by["control"] = ["kernel"] if "kernel" in self.held_by["enrolled"] else []
        if entry:
            raise SystemExit(f"cases.yaml: case '{self.name}': unknown keys {sorted(entry)}")
        if self.oracle not in ORACLES:
            raise SystemExit(f"cases.yaml: case '{self.name}': oracle '{self.oracle}' is none of {ORACLES}")
        for words in self.held_by.values():
            for word in words:
                if word not in mechanisms:
                    raise SystemExit(f"cases.yaml: case '{self.name}': '{word}' is no mechanism; they are {sorted(mechanisms)}")

    def holders(self, mode, active):
        """The mechanisms that hold this case in this mode, where those named in `active` work."""
        return [word for word in self.held_by[mode] if word in active]


class Table:
    def __init__(self, file=HERE / "cases.yaml"):
        document = yaml.safe_load(file.read_text())
        self.mechanisms = document["mechanisms"]
        self.cases = [Case(dict(entry), self.mechanisms) for entry in document["cases"]]

    def active(self, link_names, root_cgroup=False):
        """The mechanisms that work here: those that need no program, and those whose programs are attached (where they must)."""
        found = set()
        kernel = [int(part) for part in re.match(r"(\d+)\.(\d+)", platform.release()).groups()]
        for name, needs in self.mechanisms.items():
            if needs.get("root_cgroup") and not root_cgroup or needs.get("since", kernel) > kernel:
                continue
            if all(fnmatch.filter(link_names, pattern) for pattern in needs.get("links", [])):
                found.add(name)
        return found

    def check(self, built, threat_model, attached):
        """Every case has its row and the other way round; every hole stands in THREAT_MODEL.md; every BPF program that is
        attached has a case that it alone holds."""
        rows = [case.name for case in self.cases]
        wrong = [f"cases.yaml has no row for tests/escape/cases/{name}.c" for name in built if name not in rows]
        wrong += [f"cases.yaml: there is no tests/escape/cases/{name}.c" for name in rows if name not in built]
        wrong += [f"cases.yaml: case '{name}' is there twice" for name in set(rows) if rows.count(name) > 1]
        for case in self.cases:
            if case.open is not None and case.open not in threat_model:
                wrong.append(f"cases.yaml: case '{case.name}': THREAT_MODEL.md has no line '{case.open}'")
        held = {program for case in self.cases for program in case.held_alone_by}
        wrong += [f"cases.yaml: no case is held_alone_by {program}" for program in sorted(attached - held)]
        wrong += [f"cases.yaml: held_alone_by {program}: there is no such program" for program in sorted(held - attached)]
        if wrong:
            raise SystemExit("\n".join(wrong))


def programs_in(directory):
    """The BPF programs that the daemon attaches, by their sources."""
    names = set()
    for source in directory.glob("*.bpf.c"):
        names |= set(re.findall(r"^SEC\(\"[^\"]+\"\)\nint (?:BPF_PROG\()?(sluice_\w+)", source.read_text(), re.MULTILINE))
    return names - {"sluice_canary"}

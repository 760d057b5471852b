# SPDX-License-Identifier: Apache-2.0
"""Runs PostgreSQL's own suites twice, direct and through Sluice under an allow-all policy, and compares what they print byte
by byte. Prints a table, and fails where a difference is not listed in exceptions.yaml, or one that is listed is not there.

  run.py [--suites NAME,...] [--tests NAME,...] [--keep DIRECTORY]

--tests runs these of one suite alone. --keep leaves the output of both runs in DIRECTORY.
"""
import argparse
import pathlib
import shutil
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from regress.compare import Comparison  # noqa: E402
from regress.server import HOME, SuiteServer  # noqa: E402
from regress.suites import SUITES, Failed  # noqa: E402
from regress.ways import Direct, ThroughSluice  # noqa: E402
from support.places import Place  # noqa: E402


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suites", default=",".join(SUITES))
    parser.add_argument("--tests", default="")
    parser.add_argument("--keep", type=pathlib.Path)
    return parser.parse_args()


def run(way, suites, tests, work):
    """The files of each suite, or the reason why there are none."""
    output = {}
    server = way.server
    server.begin()
    for suite in suites:
        began = time.monotonic()
        if suite.begins_with:
            if suite.begins_with not in server.saved:
                server.save(suite.begins_with)
            server.begin(suite.begins_with)
        try:
            output[suite.name] = suite.run(way, work, tests)
        finally:
            shutil.rmtree(work / "output", ignore_errors=True)
        print(f"{suite.name}, {way.name}: {len(output[suite.name])} files, {time.monotonic() - began:.0f} s", flush=True)
    server.stop()
    return output


def keep(directory, way, output):
    for suite, files in output.items():
        place = directory / way.name / suite
        place.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (place / name.replace("/", "_")).write_bytes(content)


def main():
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that nothing is left behind
    unknown = set(options.suites.split(",")) - set(SUITES)
    if unknown:
        raise SystemExit(f"no such suite: {', '.join(sorted(unknown))}")
    if not (HOME / "for").exists():
        raise SystemExit("PostgreSQL's suites are not there; run scripts/install-deps --test")
    if "pg_dump" in options.suites and "regression" not in options.suites:
        raise SystemExit("pg_dump takes what regression leaves: run both")
    suites = [suite for name, suite in SUITES.items() if name in options.suites.split(",")]
    tests = options.tests.split(",") if options.tests else []
    place = Place("sluice-regress")
    outputs = []
    through = None
    try:
        server = SuiteServer(place.dir)
        through = ThroughSluice(server, place)
        for way in (Direct(server), through):
            outputs.append(run(way, suites, tests, place.dir / "work"))
            if options.keep:
                keep(options.keep, way, outputs[-1])
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    finally:
        if options.keep and through:
            options.keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(through.daemon.log, options.keep)
        if through:
            through.close()
        if "server" in locals():
            server.stop()
        place.close()
    comparison = Comparison(*outputs, whole=not tests)
    print(comparison.text())
    return 0 if comparison.right() else 1


if __name__ == "__main__":
    sys.exit(main())

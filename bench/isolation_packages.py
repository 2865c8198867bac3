"""The test suites of popular packages, from their source distributions, as they are, recorded, and traced: outcomes and CPU.

    python bench/isolation_packages.py --sources DIR --python PYTHON [--only NAME ...] [--rounds N] [--write]

`--sources` holds one unpacked source distribution a folder; `--python` an interpreter with pytest and what the suites
need. Three kinds of runs take turns: without the probe, with the probe that every check has, and with tracing. Outcomes
are pytest's own, from its JUnit file. CPU is that of all processes of a run, its median; `tracing_overhead` is what
tracing adds to a recorded run, `overhead` what all of it adds to a plain one.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from isolation import PROBE, RESULTS, adopt, machine, measured, section, write_section

from readiness.run.check_job import TRACED
from readiness.run.probe_files import runs
from readiness.run.probe_link import link

TESTS = ("tests", "testing", "test")
SECONDS = 240
FEWEST = 10
"""Tests; a suite that shows fewer could not be collected here."""
KINDS = PLAIN, RECORDED, TRACING = ("plain", "recorded", "traced")
Outcomes = dict[str, list[str]]


def outcomes(junit: Path) -> Outcomes:
    """The outcome of each test; several where a name stands for several."""
    found: Outcomes = collections.defaultdict(list)
    for case in ElementTree.parse(junit).iter("testcase"):
        what = [one.tag for one in case if one.tag in ("failure", "error", "skipped")]
        found[f"{case.get('classname')}::{case.get('name')}"].append(" ".join(what) or "passed")
    return found


class Suite:
    def __init__(self, folder: Path, python: str) -> None:
        self.folder = folder
        self.python = python
        self.tests = next((name for name in TESTS if (folder / name).is_dir()), ".")
        self.taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.events: list[Any] = []
        self.seen: dict[str, list[Outcomes]] = {kind: [] for kind in KINDS}
        # As pip compiles what it installs.
        subprocess.run([python, "-m", "compileall", "-q", PROBE], check=True)

    def run(self, kind: str) -> None:
        with tempfile.TemporaryDirectory() as made:
            junit, events = Path(made) / "junit.xml", os.path.join(made, "events")
            command = [self.python, "-m", "pytest", "-q", "-p", "no:cacheprovider", self.tests]
            command += [f"--junitxml={junit}"]
            env = {**os.environ, "PYTHONPATH": self._path()}
            if kind != PLAIN:
                env = link(
                    env,
                    os.path.join(made, "probe"),
                    events,
                    test_timeout=None,
                    guard=False,
                    isolation=TRACED % ("true", "false") if kind == TRACING else "",
                )
            _, took = measured(lambda: self._call(command, env))
            self.taken[kind].append(took["cpu"])
            self.seen[kind].append(outcomes(junit) if junit.exists() else {})
            if kind == TRACING:
                self.events.append(self._summary(events))

    def _summary(self, events: str) -> dict[str, Any]:
        found = runs(events)
        totals = [event for run in found for event in run.of("isolation")]
        return {
            "seconds": sum(float(one["seconds"]) for one in totals),
            "watched": sum(int(one["watched"]) for one in totals),
            "classes": collections.Counter(str(one["class"]) for run in found for one in run.of("finding")),
            "problems": [problem for run in found for file in run.files for problem in file.problems],
            "ended": bool(totals),
        }

    def _path(self) -> str:
        source = self.folder / "src"
        return str(source if source.is_dir() else self.folder)

    def _call(self, command: list[str], env: dict[str, str]) -> Any:
        return subprocess.run(
            command, cwd=self.folder, env=env, capture_output=True, stdin=subprocess.DEVNULL, timeout=SECONDS
        )

    def told(self) -> dict[str, Any]:
        plain, recorded, traced = (statistics.median(self.taken[kind]) for kind in KINDS)
        seconds = statistics.median(one["seconds"] for one in self.events)
        names = self.seen[PLAIN][0]
        steady = [one for one in names if all(seen.get(one) == names[one] for seen in self.seen[PLAIN])]
        watched = [*self.seen[RECORDED], *self.seen[TRACING]]
        other = [one for one in steady if any(seen.get(one) != names[one] for seen in watched)]
        return {
            "tests": sum(map(len, names.values())),
            "not_passed": sum(one != "passed" for some in names.values() for one in some),
            "same_outcomes": not other and bool(names),
            **({"other_outcomes": other[:10]} if other else {}),
            "plain_cpu": round(plain, 2),
            "recorded_cpu": round(recorded, 2),
            "traced_cpu": round(traced, 2),
            "tracing_cpu": round(seconds, 3),
            "overhead": round(traced / plain - 1, 3),
            "tracing_overhead": round(traced / recorded - 1, 3),
            "tracing_ms_a_test": round(seconds * 1000 / max(1, sum(map(len, names.values()))), 3),
            "watched": self.events[0]["watched"],
            "findings": dict(self.events[0]["classes"]),
            "crashed": not all(one["ended"] for one in self.events),
            "problems": [problem for one in self.events for problem in one["problems"]][:5],
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--python", required=True)
    parser.add_argument("--only", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help=f"write the section packages of {RESULTS.name}")
    args = parser.parse_args()
    adopt()
    known = section("packages").get("by_package", {}) if args.write else {}
    known = {name: one for name, one in known.items() if "tracing_overhead" in one or not one.get("tests")}
    for folder in sorted(args.sources.iterdir()):
        if args.only and not folder.name.startswith(tuple(args.only)):
            continue
        suite = Suite(folder, args.python)
        try:
            for _ in range(args.rounds):
                for kind in KINDS:
                    suite.run(kind)
        except subprocess.TimeoutExpired:
            known[folder.name] = {"ran": False, "why": f"a run took longer than {SECONDS} s"}
            print(f"{folder.name}: {known[folder.name]}", file=sys.stderr)
            continue
        known[folder.name] = suite.told()
        if known[folder.name]["tests"] < FEWEST:
            known[folder.name] = {"ran": False, "why": "its tests could not be collected here"}
        print(f"{folder.name}: {json.dumps(known[folder.name])}", file=sys.stderr, flush=True)
        if args.write:
            write_section("packages", summed(known, args.rounds))
    print(json.dumps(summed(known, args.rounds), indent=2))


def summed(known: dict[str, Any], rounds: int) -> dict[str, Any]:
    ran = [one for one in known.values() if one.get("tests") and "tracing_overhead" in one]
    return {
        **machine(),
        "rounds": rounds,
        "packages": len(ran),
        "same_outcomes": sum(one["same_outcomes"] for one in ran),
        "crashed": sum(one["crashed"] for one in ran),
        "overhead_median": round(statistics.median(one["overhead"] for one in ran), 3) if ran else None,
        "tracing_overhead_median": (
            round(statistics.median(one["tracing_overhead"] for one in ran), 3) if ran else None
        ),
        "by_package": known,
    }


if __name__ == "__main__":
    main()

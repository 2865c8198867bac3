"""The test suites of popular packages, from their source distributions, as they are, recorded, and traced: outcomes and CPU.

    python bench/isolation_packages.py --home DIR [--fetch] [--only NAME ...] [--rounds N] [--seconds S] [--write]

Which packages, at which versions, with which requirements and options: `isolation_suites.py`. `--fetch` gets under
`--home` what is not there yet, with pip, into one environment a package (about a minute each). `--seconds` is what one
run may take.

Three kinds of runs take turns: without the probe, with the probe that every check has, and with tracing; all without
a network but loopback, where the system allows it. Outcomes are pytest's own, from its JUnit file; only of tests that
end alike in all plain runs is the same demanded. CPU is that of all processes of a run, its median;
`tracing_overhead` is what tracing adds to a recorded run, `overhead` what all of it adds to a plain one.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from isolation import PROBE, RESULTS, adopt, machine, measured, section, write_section
from isolation_suites import NOT_RUN, PACKAGES, Fetched, fetch, fetched

from readiness.run.check_job import traced
from readiness.run.kernel import enter_new_network
from readiness.run.probe_files import runs
from readiness.run.probe_link import link

TIME_OF_DAY = re.compile(r"\d\d:\d\d:\d\d")
"""A name may hold the time at which the test was collected."""
FEWEST = 10
"""Tests; a suite that shows fewer could not be collected here."""
KINDS = PLAIN, RECORDED, TRACING = ("plain", "recorded", "traced")
Outcomes = dict[str, list[str]]


def outcomes(junit: Path) -> Outcomes:
    """The outcome of each test; several where a name stands for several."""
    found: Outcomes = collections.defaultdict(list)
    for case in ElementTree.parse(junit).iter("testcase"):
        what = [one.tag for one in case if one.tag in ("failure", "error", "skipped")]
        found[TIME_OF_DAY.sub("hh:mm:ss", f"{case.get('classname')}::{case.get('name')}")].append(
            " ".join(what) or "passed"
        )
    return found


class Suite:
    def __init__(self, package: Fetched, seconds: float) -> None:
        self.package = package
        self.seconds = seconds
        self.taken: dict[str, list[float]] = {kind: [] for kind in KINDS}
        self.events: list[Any] = []
        self.seen: dict[str, list[Outcomes]] = {kind: [] for kind in KINDS}
        # As pip compiles what it installs.
        subprocess.run([package.python, "-m", "compileall", "-q", PROBE], check=True)

    def run(self, kind: str) -> None:
        with tempfile.TemporaryDirectory() as made:
            junit, events = Path(made) / "junit.xml", os.path.join(made, "events")
            env = dict(os.environ) if kind == PLAIN else self._probed(made, events, kind)
            _, took = measured(lambda: self._call(junit, env))
            self.taken[kind].append(took["cpu"])
            self.seen[kind].append(outcomes(junit) if junit.exists() else {})
            if kind == TRACING:
                self.events.append(self._summary(events))

    def _probed(self, made: str, events: str, kind: str) -> dict[str, str]:
        isolation = traced(disk=True, leaks=False) if kind == TRACING else ""
        probe = os.path.join(made, "probe")
        return link(os.environ, probe, events, test_timeout=None, guard=False, isolation=isolation)

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

    def _call(self, junit: Path, env: dict[str, str]) -> None:
        wanted = self.package.wanted
        command = [str(self.package.python), "-m", "pytest", "-q", "-p", "no:cacheprovider", wanted.tests]
        process = subprocess.Popen(
            [*command, *wanted.options, f"--junitxml={junit}"],
            cwd=self.package.source,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            # With what its tests started: we are the parent of all that loses its own, and wait for it.
            os.killpg(process.pid, signal.SIGKILL)
            raise

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
            **({"left_out": self.package.wanted.less} if self.package.wanted.less else {}),
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--fetch", action="store_true")
    parser.add_argument("--only", nargs="+", choices=PACKAGES, default=list(PACKAGES), metavar="NAME")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=400)
    parser.add_argument("--write", action="store_true", help=f"write the section packages of {RESULTS.name}")
    args = parser.parse_args()
    home = args.home.absolute()
    for name in args.only if args.fetch else ():
        fetch(home, name)
    suites = {name: Suite(fetched(home, name), args.seconds) for name in args.only}
    adopt()
    print(f"network: {without_network()}", file=sys.stderr)
    known = kept() if args.write else {}
    for name, suite in suites.items():
        label = f"{name}-{suite.package.wanted.version}"
        known[label] = judged(suite, args.rounds)
        print(f"{label}: {json.dumps(known[label])}", file=sys.stderr, flush=True)
        if args.write:
            write_section("packages", summed(known, args.rounds))
    print(json.dumps(summed(known, args.rounds), indent=2))


def without_network() -> str:
    """What the suites can reach from here on."""
    try:
        enter_new_network()
    except OSError as error:
        return f"as it is ({error})"
    return "loopback alone"


def kept() -> dict[str, Any]:
    """What the results say of the packages of today's list, where other runs have measured them."""
    labels = {f"{name}-{wanted.version}" for name, wanted in PACKAGES.items()}
    known = section("packages").get("by_package", {})
    return {label: one for label, one in known.items() if label in labels and one.get("tests")}


def judged(suite: Suite, rounds: int) -> dict[str, Any]:
    try:
        for _ in range(rounds):
            for kind in KINDS:
                suite.run(kind)
    except subprocess.TimeoutExpired:
        return {"ran": False, "why": f"a run took longer than {suite.seconds} s"}
    told = suite.told()
    return told if told["tests"] >= FEWEST else {"ran": False, "why": "its tests could not be collected here"}


def summed(known: dict[str, Any], rounds: int) -> dict[str, Any]:
    ran = [one for one in known.values() if one.get("tests")]
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
        "by_package": {**known, **{name: {"ran": False, "why": why} for name, why in NOT_RUN.items()}},
    }


if __name__ == "__main__":
    main()

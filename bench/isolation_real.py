"""Victims of public projects: does `readiness isolate` name the right polluter, state and line, without being told?

    python bench/isolation_real.py --cases CASES.json --sources DIR --pythons DIR [--only PROJECT] [--patches] [--write]

`--sources` holds one folder a project, checked out at the commit that the case names; `--pythons` one virtual
environment a project, with pytest and what the project needs. Nothing of them is kept: only figures are.
First every project is asked with `--all` in its own order; victims that were not found there are asked in an order in
which they are known to fail (`reversed`, `modrev`), still without being named. With `--patches`, each run is followed
by the search for patches, and what was verified by a plain run of the suite, without the probe, in two copies: as it
is, and patched. What passed there and does not any more is `worse`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isolation import RESULTS, adopt, machine, measured, write_section
from isolation_patches import PATCH_SECONDS, with_patches

from readiness.isolation.asked import Asked
from readiness.isolation.trace import traced

if TYPE_CHECKING:
    from collections.abc import Sequence

    from readiness.isolation.trace import Traced
    from readiness.record.finding import Finding

ORDERS = ("reversed", "modrev")
_PLACE = re.compile(r"([\w./-]+\.py)(?::((?:\d+(?:-\d+)?,?)+))?")
Case = dict[str, Any]
Verdict = dict[str, Any]


def places(detail: str) -> list[tuple[str, range | None]]:
    """The `file:lines` that a case names; a file without lines is meant as a whole."""
    found: list[tuple[str, range | None]] = []
    for file, lines in _PLACE.findall(detail):
        if not lines:
            found.append((file, None))
        for part in filter(None, lines.split(",")):
            first, _, last = part.partition("-")
            found.append((file, range(int(first), int(last or first) + 1)))
    lined = [one for one in found if one[1] is not None]
    return lined or found


def at(where: str, wanted: list[tuple[str, range | None]]) -> bool:
    """Whether `where` (`file:line`) is one of the places."""
    file, _, line = where.rpartition(":")
    return any(
        (file == name or file.endswith("/" + name))
        and (lines is None or (line.isdigit() and int(line) in lines))
        for name, lines in wanted
    )


def verdict(case: Case, findings: Sequence[Finding]) -> Verdict:
    """What was found out of the victim, and how much of it is right."""
    found = [one for one in findings if one.test == case["victim"]]
    causes = [cause for one in found for cause in one.causes]
    right = [cause for cause in causes if _named(cause.polluter, cause.during, case["polluters"])]
    with_state = [cause for cause in right if cause.state]
    wanted = places(case["leak_detail"])
    with_line = [
        cause
        for cause in with_state
        if cause.exact and any(at(place, wanted) for place in (cause.where, *cause.stack))
    ]
    best = (with_line or with_state or right or causes or [None])[0]
    return {
        "class": found[0].kind if found else "not found",
        "polluter": bool(right),
        "state": bool(with_state),
        "line": bool(with_line),
        **_patch_of(found),
        "said": f"{best.polluter}: {best.state or 'no state'} at {best.where}" if best else _why(found),
    }


def _named(polluter: str, during: str, right: list[str]) -> bool:
    """A fixture that is to blame is right where it was set up for a test that is one of the polluters' class."""
    if polluter in right or during in right:
        return True
    scope = polluter.rpartition("::")[0]
    return bool(during) and any(one.startswith(f"{scope}::") for one in right)


def _patch_of(found: list[Finding]) -> Verdict:
    """Where patches were looked for, each finding with a cause has one or the reason why not."""
    patches = [one.patch for one in found if one.patch is not None]
    why = [one.no_patch for one in found if one.no_patch]
    if not (patches or why):
        return {}
    return {"patch": any(one.verified for one in patches), **({} if patches else {"no_patch": why[0]})}


def _why(found: list[Any]) -> str:
    return "; ".join(note for one in found for note in one.notes)


def better(one: Verdict, other: Verdict) -> Verdict:
    rank = ("polluter", "state", "line", "patch")
    return (
        other if [other.get(name, False) for name in rank] > [one.get(name, False) for name in rank] else one
    )


def ids(python: str, folder: Path, suite: list[str]) -> list[str]:
    asked = [python, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *suite]
    done = subprocess.run(asked, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return [line for line in done.stdout.splitlines() if "::" in line]


def arguments(order: str, python: str, folder: Path, suite: list[str]) -> list[str]:
    """What pytest is given to run the suite in that order."""
    found = ids(python, folder, suite)
    if order == "reversed":
        return found[::-1]
    return list(dict.fromkeys(one.partition("::")[0] for one in found))[::-1]


class Project:
    def __init__(
        self, cases: list[Case], sources: Path, pythons: Path, seconds: float, patches: bool
    ) -> None:
        self.cases = cases
        self.name = str(cases[0]["project"])
        self.folder = sources / self.name
        self.python = str(pythons / self.name / "bin" / "python")
        self.suite = str(cases[0]["suite"]).split()[1:]
        self.seconds = seconds
        self.patches = patches
        self.runs: dict[str, Any] = {}

    def judge(self) -> list[Verdict]:
        verdicts = self._run("default", self.suite)
        for order in ORDERS:
            wanted = {one["victim"] for one in self.cases if order in one["orders_seen_failing"]}
            open_ones = {
                one["victim"] for one, said in zip(self.cases, verdicts, strict=True) if not said["line"]
            }
            if wanted & open_ones:
                given = arguments(order, self.python, self.folder, self.suite)
                verdicts = [
                    better(one, two) for one, two in zip(verdicts, self._run(order, given), strict=True)
                ]
        return verdicts

    def _run(self, order: str, given: list[str]) -> list[Verdict]:
        environ = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        asked = Asked(
            self.python,
            ("-p", "no:cacheprovider", *given),
            str(self.folder),
            every_test=True,
            seconds=self.seconds,
            replays=1000,
        )
        told, took = measured(lambda: traced(asked, environ, subprocess.DEVNULL))
        report, findings = told.report, told.report.findings
        self.runs[order] = {
            **took,
            "tests": report.tests,
            "replays": report.replays,
            "findings": len(report.findings),
            **({"problems": list(report.problems)} if report.problems else {}),
            **({"unexplored": list(report.unexplored)} if report.unexplored else {}),
        }
        if self.patches:
            findings = self._patched(order, asked, environ, told)
        print(f"{self.name} {order}: {self.runs[order]}", file=sys.stderr)
        return [{**verdict(one, findings), "order": order} for one in self.cases]

    def _patched(
        self, order: str, asked: Asked, environ: dict[str, str], told: Traced
    ) -> tuple[Finding, ...]:
        (mended, worse), took = measured(lambda: with_patches(asked, environ, told, PATCH_SECONDS))
        self.runs[order]["patches"] = {
            **took,
            "trials": mended.runs,
            "verified": sum(one.patch is not None for one in mended.findings),
            "worse": worse,
        }
        return mended.findings


def told(projects: list[Project]) -> dict[str, Any]:
    """All figures, and what was said of each victim."""
    rows = [
        (project, case, said)
        for project in projects
        for case, said in zip(project.cases, project.judge(), strict=True)
    ]
    return {
        "about": "public projects at a commit, asked with --all, no victim named",
        **machine(),
        "victims": len(rows),
        **{f"{name}_right": sum(said[name] for *_, said in rows) for name in ("polluter", "state", "line")},
        **_of_patches(projects, [said for *_, said in rows]),
        "by_project": {
            project.name: {
                "right": f"{sum(said['line'] for one, _, said in rows if one is project)} of {len(project.cases)}",
                "runs": project.runs,
            }
            for project in projects
        },
        "verdicts": [{"victim": f"{project.name} {case['victim']}", **said} for project, case, said in rows],
    }


def _of_patches(projects: list[Project], verdicts: list[Verdict]) -> dict[str, Any]:
    runs = [run["patches"] for project in projects for run in project.runs.values() if "patches" in run]
    if not runs:
        return {}
    solved = [said for said in verdicts if said["line"]]
    return {
        "solved_with_a_verified_patch": f"{sum(said.get('patch', False) for said in solved)} of {len(solved)}",
        "worse_after_a_patch": [test for run in runs for test in run["worse"]],
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cases", type=Path, required=True)
    parser.add_argument("--sources", type=Path, required=True)
    parser.add_argument("--pythons", type=Path, required=True)
    parser.add_argument("--only", action="append")
    parser.add_argument(
        "--seconds", type=float, default=120.0, help="for the questions of one run (default 120)"
    )
    parser.add_argument("--patches", action="store_true", help="look for patches, too, and try them")
    parser.add_argument(
        "--write", action="store_true", help=f"write the section real_cases of {RESULTS.name}"
    )
    args = parser.parse_args()
    adopt()
    by_project: dict[str, list[Case]] = {}
    for case in json.loads(args.cases.read_text())["cases"]:
        if not args.only or case["project"] in args.only:
            by_project.setdefault(case["project"], []).append(case)
    figures = told(
        [
            Project(cases, args.sources, args.pythons, args.seconds, args.patches)
            for cases in by_project.values()
        ]
    )
    print(json.dumps(figures, indent=2))
    if args.write:
        write_section("real_cases", figures)


if __name__ == "__main__":
    main()

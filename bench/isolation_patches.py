"""The corpus in one run: which suites come out as they say, and which victims get a patch that makes nothing worse.

    python bench/isolation_patches.py [--python PYTHON ...] [--only SUITE ...] [--write]

`--python` needs pytest; each is measured (by default this one). A patch counts as worse when a test that passed in the
plain suite, without the probe, does not pass in the patched one, without the probe.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from isolation import RESULTS, machine, write_section

from readiness.isolation.left_behind import left_behind
from readiness.isolation.scratch import copied, import_path
from readiness.isolation.trace import traced
from readiness.isolation.verify import mend_traced
from readiness.record.value import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.isolation.asked import Asked
    from readiness.isolation.mend import Mended
    from readiness.isolation.trace import Traced

CORPUS = Path(__file__).parent.parent / "tests" / "isolation" / "conftest.py"
TO_MEND = ("victim", "brittle")
PLAIN_SECONDS = 300.0
HANGS_SECONDS = 5.0
"""After which a plain run of a suite with a time limit is taken to hang."""
PATCH_SECONDS = 300.0


def with_patches(
    asked: Asked, environ: Mapping[str, str], told: Traced, seconds: float
) -> tuple[Mended, list[str]]:
    """The findings with their patches, and the tests that the patch makes worse where nothing watches."""
    mended, project = mend_traced(asked, told, environ, subprocess.DEVNULL, seconds)
    if not mended.after:
        return mended, []
    left = left_behind(project.root, told.report.findings, told.report.leaks)
    paths = project.paths(asked.python, environ, told.report.findings)

    def passed(texts: Mapping[str, bytes]) -> set[str] | None:
        with copied(project.root, {**left.changed, **texts}, without=left.made) as target:
            folder = os.path.join(target, os.path.relpath(project.folder, project.root))
            words = tuple(one.replace(project.root, target) for one in asked.arguments)
            return _passed(
                replace(asked, folder=folder, arguments=words),
                import_path(paths, project.root, target, environ),
            )

    before, after = passed({}), passed(mended.after)
    if after is None:
        return mended, ["the patched suite came to no end"]
    return mended, sorted((before or set()) - after)


def _passed(asked: Asked, environ: Mapping[str, str]) -> set[str] | None:
    """The tests that pass in plain pytest, in one process; None when it comes to no end."""
    serial = ("-n", "0") if "-n" in asked.arguments else ()
    with tempfile.TemporaryDirectory() as folder:
        told = os.path.join(folder, "junit.xml")
        words = [asked.python, "-m", "pytest", *asked.arguments, *serial, f"--junitxml={told}"]
        limit = HANGS_SECONDS if asked.timeout else PLAIN_SECONDS
        nowhere = subprocess.DEVNULL
        try:
            subprocess.run(
                words, cwd=asked.folder, env=environ, stdin=nowhere, stdout=nowhere, stderr=nowhere, timeout=limit,
                check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return None
        cases = ElementTree.parse(told).iter("testcase") if os.path.exists(told) else ()
        ended: dict[str, bool] = {}
        for case in cases:
            name = f"{case.get('classname')}::{case.get('name')}"
            went_wrong = any(case.find(one) is not None for one in ("failure", "error", "skipped"))
            ended[name] = ended.get(name, True) and not went_wrong
    return {name for name, well in ended.items() if well}


def corpus(python: str, only: list[str] | None) -> dict[str, Any]:
    """The figures of one interpreter."""
    suites = _corpus()
    rows, wrong, without = [], [], []
    for name in only or suites.names():
        suite = suites.Suite.read(name)
        if suite.plugin and not suites.has(python, suite.plugin):
            without.append(name)
            continue
        right, victims, worse = _one(suites, suite, python)
        rows.append((victims, worse))
        wrong += [] if right else [name]
        print(name, "right" if right else "WRONG", victims, worse, file=sys.stderr)
    mends = [patched for victims, _ in rows for patched in victims.values()]
    return {
        **machine(),
        "python": _version(python),
        "suites": len(rows),
        "right": len(rows) - len(wrong),
        "wrong": wrong,
        "without_their_plugin": without,
        "victims": len(mends),
        "with_a_verified_patch": sum(mends),
        "patched_suites": sum(any(victims.values()) for victims, _ in rows),
        "worse_after_a_patch": [test for _, worse in rows for test in worse],
    }


def _one(suites: Any, suite: Any, python: str) -> tuple[bool, dict[str, bool], list[str]]:
    """Whether all is found as the suite says, which of its victims get a verified patch, and what that makes worse."""
    with tempfile.TemporaryDirectory() as top:
        environ = suites.surroundings()
        for name in ("HOME", "TMPDIR"):
            environ[name] = os.path.join(top, name.lower())
            os.mkdir(environ[name])
        folder = Path(top) / "project"
        asked = suite.placed(folder, python)
        suites.known_to_git(suite, folder)
        told = traced(asked, environ, subprocess.DEVNULL)
        mended, worse = with_patches(asked, environ, told, PATCH_SECONDS)
    right = suites.found(told.report) == suite.wanted and not told.report.problems
    victims = {
        one.test: one.patch is not None and one.patch.verified
        for one in mended.findings
        if one.kind in TO_MEND
    }
    return right, victims, worse


def _corpus() -> Any:
    """What reads the suites: the tests' own."""
    spec = importlib.util.spec_from_file_location("corpus_of_tests", CORPUS)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _version(python: str) -> str:
    asked = [python, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--python", action="append")
    parser.add_argument("--only", action="append")
    parser.add_argument("--write", action="store_true", help=f"write the section corpus of {RESULTS.name}")
    args = parser.parse_args()
    figures: dict[str, Any] = {
        "about": "every suite traced and mended; patched suites run again without the probe"
    }
    for python in args.python or [sys.executable]:
        found = corpus(python, args.only)
        figures[found["python"]] = found
        if args.write:
            write_section("corpus", figures)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()

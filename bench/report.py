"""What the reports of a large run cost: time to write and bytes of each, memory, and how soon report.html can be used.

    .venv/bin/python bench/report.py [--sizes 100,10000,100000] [--browser PATH] [--write]

A run of N tests has N/20 checks, of which every tenth did not pass: ten of its tests failed and ten were skipped, so
that the record holds a row for a tenth of all tests; and a run where every test has a row, since each failed. Every
test that failed has a finding with its polluter, both values, a stack and a verified diff, and three things are left
changed in each check. Each size is measured in a process of its own: CPU seconds, the best of three, and by how much the page raised the
process's highest memory above what the record itself took.
With `--browser`, a Chromium is driven by playwright; the time is from asking for the file until its table is shown.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from readiness.record.record import Record

RESULTS = Path(__file__).with_name("report-results.json")
SIZES = (100, 10_000, 100_000)
OF_A_CHECK = 20
ROUNDS = 3
MESSAGE = "AssertionError: assert {} == {'X-Env': 'B', 'X-Req': 'C'}"


def record(tests: int, every_one: bool) -> Record:
    """A run of so many tests, of which a tenth or each has a row of its own."""
    from readiness.record.outcome import LaneVerdict, Verdict
    from readiness.record.record import Header, LaneStatus, Record

    checks = tuple(
        check(number, every_one or number % 10 == 0, every_one) for number in range(tests // OF_A_CHECK)
    )
    return Record(
        header=Header(
            "r", "2026-09-28T09:15:00Z", ("readiness", "run"), "deploy", ("core",), True, "r.yml", "9", "1"
        ),
        verdict=Verdict.NOT_READY,
        exit_code=1,
        lanes={"core": LaneStatus(LaneVerdict.NOT_READY, 0.0)},
        checks=checks,
        reasons=tuple(f"{one.name}: {one.reason}" for one in checks if one.failures),
        seconds=72.0,
    )


def check(number: int, bad: bool, every_one: bool) -> Any:
    from readiness.record.finding import LeftOver
    from readiness.record.outcome import Outcome, RanAgainst
    from readiness.record.result import CheckResult, Counts, Failure, Skip

    failed = (OF_A_CHECK if every_one else OF_A_CHECK // 2) if bad else 0
    skipped = OF_A_CHECK - failed if bad else 0
    file = f"tests/part_{number}/test_module.py"
    return CheckResult(
        name=f"check_{number}",
        lane="core",
        outcome=Outcome.FAILED if bad else Outcome.PASSED,
        required=True,
        reason=f"{failed} of {OF_A_CHECK} tests failed" if bad else f"{OF_A_CHECK} tests passed",
        counts=Counts(OF_A_CHECK, passed=OF_A_CHECK - failed - skipped, failed=failed, skipped=skipped),
        seconds=1.0 + number % 9,
        ran_against=RanAgainst.HERMETIC,
        command=f"pytest {file}",
        started_at=f"2026-09-28T09:{number // 60 % 60:02}:{number % 60:02}Z",
        failures=tuple(
            Failure(
                f"{file}::test_{n}", "call", "failure", MESSAGE, f"{file}:{n}", "5f3c9e1d", f"E   {MESSAGE}"
            )
            for n in range(failed)
        ),
        skips=tuple(Skip(f"{file}::test_skipped_{n}", "no docker here") for n in range(skipped)),
        findings=tuple(finding(file, n) for n in range(failed)),
        left_over=tuple(LeftOver(f"{file}::test_leaks", f"app.NAME_{n}", f"{file}:{n}") for n in range(3)),
    )


def finding(file: str, number: int) -> Any:
    from readiness.record.finding import Cause, Finding, Patch

    old, new = "    app.Invoker = Fake", '    monkeypatch.setattr(app, "Invoker", Fake)'
    diff = f"--- a/{file}\n+++ b/{file}\n@@ -{number + 7} +{number + 7} @@\n-{old}\n+{new}\n"
    stack = tuple(f"{file}:{line}" for line in range(3))
    cause = Cause(
        f"{file}::test_leaks", "app.Invoker", "class app.Invoker", "class test_module.Fake", f"{file}:7", "forked",
        stack=stack,
    )  # fmt: skip
    patch = Patch(diff, "polluter", True, f"pytest {file}", (f"{file}::test_{number}",), OF_A_CHECK)
    return Finding(f"{file}::test_{number}", "victim", MESSAGE, (cause,), patch=patch)


def measured(tests: int, every_one: bool, page: str) -> dict[str, Any]:
    """Runs in a process of its own; the page is left at `page` for the browser."""
    from readiness.report.github import comment
    from readiness.report.html.page import report_html
    from readiness.report.json_report import to_json
    from readiness.report.junit import junit
    from readiness.report.project_ready import project_ready
    from readiness.report.sarif.log import sarif
    from readiness.report.terminal import summary

    one = record(tests, every_one)
    renderers = {
        "report.html": report_html,
        "report.json": to_json,
        "PROJECT_READY.md": project_ready,
        "report.sarif": sarif,
        "comment.md": comment,
        "terminal": lambda of: summary(of, colour=False, width=80),
        "junit": lambda of: "".join(junit(check, of.header) for check in of.checks),
    }
    before = highest_memory()
    found: dict[str, Any] = {"tests": tests, "every test has a row": every_one, "checks": len(one.checks)}
    for name, render in renderers.items():
        text, seconds = timed(render, one)
        found[name] = {"cpu_s": round(seconds, 4), "bytes": len(text.encode())}
        if name == "report.html":
            found[name]["memory_mib"] = round((highest_memory() - before) / 1024, 1)
            Path(page).write_text(text)
    return found


def highest_memory() -> int:
    """KiB. Of this program alone: `getrusage` counts what the process held before it became this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def timed(render: Any, one: Record) -> tuple[str, float]:
    best, text = float("inf"), ""
    for _ in range(ROUNDS):
        started = time.process_time()
        text = render(one)
        best = min(best, time.process_time() - started)
    return text, best


def in_browser(chromium: str, page: Path) -> dict[str, float]:
    """Seconds of wall time, the best of three: until the table is shown, and from a word typed to its rows."""
    from playwright.sync_api import sync_playwright

    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    shown, filtered = [], []
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=arguments)
        for _ in range(ROUNDS):
            tab = browser.new_page()
            begun = time.perf_counter()
            tab.goto(page.as_uri())
            tab.wait_for_selector("html[data-started]")
            shown.append(time.perf_counter() - begun)
            before = tab.text_content("#row-count")
            begun = time.perf_counter()
            tab.fill("#filter-text", "check_0 assertion")
            while tab.text_content("#row-count") == before:
                time.sleep(0.005)
            filtered.append(time.perf_counter() - begun)
            tab.close()
        browser.close()
    return {"usable_s": round(min(shown), 3), "filter_s": round(min(filtered), 3)}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--browser", default="", help="a Chromium to open the pages in")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--one", nargs=3, metavar=("TESTS", "EVERY", "PAGE"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(int(given.one[0]), given.one[1] == "1", given.one[2])))
        return
    runs, before = [], round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as folder:
        for tests in map(int, given.sizes.split(",")):
            for every in ("0", "1"):
                page = Path(folder) / f"{tests}-{every}.html"
                command = [sys.executable, __file__, "--one", str(tests), every, str(page)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                runs.append(json.loads(done.stdout))
                if given.browser:
                    runs[-1]["browser"] = in_browser(given.browser, page)
                print(json.dumps(runs[-1]), flush=True)
    if given.write:
        about = {
            "date": datetime.date.today().isoformat(),
            "machine": {"system": f"{platform.system()} {platform.machine()}", "cores": os.cpu_count()},
            # Times of the browser are by the wall's clock: what else the machine did belongs to them.
            "load": {"before": before, "after": round(os.getloadavg()[0], 1)},
            "python": platform.python_version(),
            "runs": runs,
        }
        RESULTS.write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    main()

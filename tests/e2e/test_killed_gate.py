"""`kill -9` of the gate at fifty random moments of a run of thirty checks: nothing lost, nothing doubled."""

from __future__ import annotations

import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MOMENTS = 50
CHECKS = 30
AT_ONCE = 3

CONFIG = "version: 2\nchecks:\n" + "".join(
    f"  - {{name: c{n}, lane: core, run: 'sleep 0.0{n % 6}; echo {n} >> ran && test -s ran'}}\n"
    for n in range(CHECKS)
)


def journal_of(root: Path) -> list[dict]:
    text = (root / ".readiness/latest/journal.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def finished(events: list[dict]) -> list[str]:
    return [event["result"]["name"] for event in events if event["event"] == "check_finished"]


def one_kill(project, delay: float) -> str:
    """Kill the gate after `delay` seconds, rebuild, resume; what kind of moment it was."""
    process = project.start("run", "--quiet")
    time.sleep(delay)
    process.kill()
    project.wait(process)
    if not (project.root / ".readiness/latest").exists():
        return "before anything was on record"

    before = finished(journal_of(project.root))
    assert len(before) == len(set(before))
    rebuilt = project.readiness("report", "--json")
    assert rebuilt.code == 0
    report = json.loads(rebuilt.out)
    passed = {one["name"] for one in report["checks"] if one["outcome"] == "passed"}
    assert passed == set(before), "every finished outcome is in the rebuilt report, and no other"
    assert len(report["checks"]) == CHECKS
    assert (project.root / "PROJECT_READY.md").exists()
    assert len(list((project.root / ".readiness/latest/junit").glob("*.xml"))) == CHECKS
    if not report["interrupted"]:
        return "after the end"

    resumed = project.run("--quiet", "--resume")
    after = finished(journal_of(project.root))
    assert after[: len(before)] == before
    assert sorted(after) == sorted(f"c{n}" for n in range(CHECKS)), "exactly the rest was run"
    assert (resumed.code, resumed.report["verdict"], resumed.report["resumed"]) == (0, "READY", 1)
    return "in the middle"


def test_a_killed_gate_loses_and_doubles_nothing(make_project):
    whole = make_project({"readiness.yml": CONFIG}, name="whole")
    began = time.monotonic()
    assert whole.run("--quiet").code == 0
    length = time.monotonic() - began
    dice = random.Random(20261123)

    def once(index: int) -> str:
        project = make_project({"readiness.yml": CONFIG}, name=f"p{index}")
        return one_kill(project, dice.uniform(0.05, length * 1.5))

    with ThreadPoolExecutor(AT_ONCE) as threads:
        kinds = list(threads.map(once, range(MOMENTS)))
    assert len(kinds) == MOMENTS
    assert kinds.count("in the middle") >= MOMENTS / 4, "the moments were well spread"


def test_a_resumed_check_is_judged_by_its_own_records(make_project, wait_for):
    """What the killed attempt left of its test records is not counted with those of the new one."""
    test = (
        "import os, time\n"
        "def test_a():\n    pass\n"
        "def test_b():\n"
        "    if not os.path.exists('second'):\n"
        "        open('second', 'w').close()\n"
        "        time.sleep(60)\n"
    )
    config = "version: 2\nchecks:\n  - {name: t, lane: core, run: pytest}\n"
    project = make_project({"readiness.yml": config, "test_a.py": test})
    process = project.start("run", "--quiet")
    wait_for((project.root / "second").exists)
    process.kill()
    project.wait(process)
    resumed = project.run("--quiet", "--resume")
    assert (resumed.code, resumed.check("t")["outcome"]) == (0, "passed"), resumed.out
    assert resumed.check("t")["counts"]["passed"] == 2

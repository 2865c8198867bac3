"""What docs/trials.md shows is what the program says."""

from __future__ import annotations

import re
from pathlib import Path

from readiness.record.trials import READY, TestTrials
from readiness.trials.boundary import operating
from readiness.trials.calibration import calibrate
from readiness.trials.evidence import Evidence
from readiness.trials.interval import interval
from readiness.trials.planner import plan_trials
from readiness.trials.recorded import read_trials
from readiness.trials.tables import calibration_lines, plan_lines
from readiness.trials.wording import plot, trials_line
from readiness.trials.zone import Zone

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/trials.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def test_the_plan_is_the_real_one() -> None:
    assert "\n".join(plan_lines(plan_trials(Zone(), 100))) + "\n" == BLOCKS[0]


def test_the_line_and_the_plot_are_the_real_ones() -> None:
    zone, evidence = Zone(), Evidence(18, 0)
    bounds = interval(zone, evidence)
    one = TestTrials(
        "tests/nd/test_capital.py::test_capital", READY, "", zone.good, zone.bad, zone.alpha, zone.beta,
        passes=18, cap=100, low=bounds.low, high=bounds.high, log_e=evidence.log_e(zone), path="P" * 18,
    )  # fmt: skip
    assert "\n".join([trials_line(one), *plot(one)]) + "\n" == BLOCKS[1]


def test_the_red_lanes_of_the_page_are_the_exact_ones() -> None:
    alone = operating(Zone(), Zone().good).not_ready
    assert f"red {100 * (1 - (1 - alone) ** 20):.0f} times" in " ".join(PAGE.split())


def test_the_calibration_is_the_real_one() -> None:
    path = ROOT / "bench/trials-recorded.jsonl"
    with open(path, encoding="utf-8") as file:
        trials = [one for one in read_trials(file, path.name) if one.test == "capital"]
    found = calibrate("capital", trials, Zone(), 100)
    assert "\n".join(calibration_lines([found], Zone())) + "\n" == BLOCKS[2]

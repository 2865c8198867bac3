"""What docs/trials.md shows is what the program says."""

from __future__ import annotations

import re
from pathlib import Path

from readiness.trials.boundary import operating
from readiness.trials.calibration import calibrate
from readiness.trials.planner import plan_trials
from readiness.trials.recorded import read_trials
from readiness.trials.tables import calibration_lines, plan_lines
from readiness.trials.wording import plot
from readiness.trials.zone import Zone

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/trials.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)


def test_the_plan_is_the_real_one() -> None:
    assert "\n".join(plan_lines(plan_trials(Zone(), 100))) + "\n" == BLOCKS[0]


def test_the_plot_is_the_real_one() -> None:
    assert "\n".join(plot(Zone(), [True] * 18)) in BLOCKS[1]


def test_the_red_lanes_of_the_page_are_the_exact_ones() -> None:
    alone = operating(Zone(), Zone().good).not_ready
    assert f"red {100 * (1 - (1 - alone) ** 20):.0f} times" in " ".join(PAGE.split())


def test_the_calibration_is_the_real_one() -> None:
    path = ROOT / "bench/trials-recorded.jsonl"
    with open(path, encoding="utf-8") as file:
        trials = [one for one in read_trials(file, path.name) if one.test == "capital"]
    found = calibrate("capital", trials, Zone(), 100)
    assert "\n".join(calibration_lines([found], Zone())) + "\n" == BLOCKS[2]

"""How often a lane of twenty good checks turns red, through the gate's own decisions.

    python bench/trials_lanes.py [--lanes 1000] [--out bench/trials-lanes-results.json]

Each lane has twenty checks with one test each, all of the same true rate, which is just good enough. Outcomes are
drawn with a seed; everything else is what `readiness run` uses: `CheckCourse` orders the trials and adds them up,
`judge_trials` turns them into an outcome, `lane_verdict` into the verdict of the lane. Next to it: the same without
sharing alpha, and what the exact computation says of both.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import sys
import time
from datetime import UTC, datetime
from typing import Any

from readiness.config.model import Check, Place, Trials
from readiness.gate.trials import judge_trials
from readiness.gate.verdict import lane_verdict
from readiness.record.outcome import LaneVerdict, Outcome
from readiness.record.result import CheckResult
from readiness.record.trials import FAILED, PASSED, Trial
from readiness.run.repetition.check_trials import CheckCourse
from readiness.trials.boundary import operating
from readiness.trials.zone import Zone

CHECKS = 20
ZONE = Zone(0.95, 0.80)
HERE = Place("readiness.yml", 1, 1)
TEST = "test_it.py::test_it"


def one_check(name: str, rate: float, draw: random.Random, *, sharing: int) -> tuple[Outcome, int]:
    """The outcome of a check whose trials pass at this rate, and how many it took."""
    check = Check(name, "nd", "pytest", HERE, HERE, trials=Trials(ZONE.good, ZONE.bad, ZONE.alpha, ZONE.beta))
    course = CheckCourse(check, sharing=sharing, slots=4)
    course.tests({TEST: {}})
    made = 0
    while not (order := course.order(TEST)).done:
        for number, seed in order.run:
            kind = PASSED if draw.random() < rate else FAILED
            course.add(Trial(TEST, number, seed, kind, calls=1, prompt="p", signature=f"{number}"))
            made += 1
    result = course.result()
    assert result is not None
    judged = judge_trials(result)
    return (Outcome.PASSED if judged is None else judged[0]), made


def one_lane(rate: float, draw: random.Random, *, sharing: int) -> tuple[LaneVerdict, int]:
    found = [one_check(f"c{n}", rate, draw, sharing=sharing) for n in range(CHECKS)]
    results = [
        CheckResult(name=f"c{n}", lane="nd", outcome=one, required=True, reason="")
        for n, (one, _) in enumerate(found)
    ]
    return lane_verdict(results, strict=True), sum(made for _, made in found)


def simulate(rate: float, lanes: int, *, sharing: int) -> dict[str, Any]:
    draw = random.Random(f"{rate} {sharing}")
    found = [one_lane(rate, draw, sharing=sharing) for _ in range(lanes)]
    verdicts = [verdict for verdict, _ in found]
    alone = operating(ZONE.with_checks(sharing), rate)
    return {
        "true_rate": rate,
        "alpha_shared_among": sharing,
        "lanes": lanes,
        "red": verdicts.count(LaneVerdict.NOT_READY),
        "red_share": verdicts.count(LaneVerdict.NOT_READY) / lanes,
        "green_share": verdicts.count(LaneVerdict.READY) / lanes,
        "red_share_exact": round(1.0 - (1.0 - alone.not_ready) ** CHECKS, 6),
        "mean_trials_a_lane": round(sum(made for _, made in found) / lanes, 1),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lanes", type=int, default=1000)
    parser.add_argument("--out")
    arguments = parser.parse_args()
    began = time.perf_counter()
    rows = [
        simulate(ZONE.good, arguments.lanes, sharing=CHECKS),
        simulate(ZONE.good, arguments.lanes, sharing=1),
        simulate(0.99, arguments.lanes, sharing=CHECKS),
        simulate(ZONE.bad, max(1, arguments.lanes // 10), sharing=CHECKS),
    ]
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        "checks": CHECKS,
        "zone": [ZONE.good, ZONE.bad],
        "required": "at most 0.05 of the lanes of good checks red, with alpha shared",
        "rows": rows,
    }
    for row in rows:
        print(row)
    print(f"{time.perf_counter() - began:.0f} s")
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(found, file, indent=1)
            file.write("\n")
    return 1 if rows[0]["red_share"] > 0.05 else 0


if __name__ == "__main__":
    sys.exit(main())

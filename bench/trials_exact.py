"""What the sequential decision errs and costs, computed exactly, next to the fixed test of the same errors.

    python bench/trials_exact.py [--out bench/trials-exact-results.json]

Nothing is simulated: `readiness.trials.boundary` counts every path to every stopping point in whole numbers.
The errors are largest at `good` and at `bad`, because a higher rate makes READY likelier and NOT READY less so.
Two fixed tests stand beside it: one that makes all its trials, and one that stops as soon as the rest cannot
change its verdict. Coverage is the exact chance that the interval printed with a verdict holds the true rate.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from datetime import UTC, datetime
from typing import Any

from readiness.trials.boundary import operating, stops, total
from readiness.trials.evidence import Evidence
from readiness.trials.fixed_test import fixed_test
from readiness.trials.interval import interval
from readiness.trials.zone import Zone

ZONES = ((0.95, 0.80), (0.90, 0.70), (0.99, 0.95))
BUDGETS = (30, 50, 100, 200)
GRID = tuple(step / 200 for step in range(201))
REQUIRED = {"zone": [0.95, 0.80], "share_at_good": 0.65, "share_at_1": 0.40, "coverage": 0.95}


def at_rate(zone: Zone, rate: float) -> dict[str, Any]:
    fixed = fixed_test(zone)
    found = operating(zone, rate)
    return {
        "rate": rate,
        "ready": round(found.ready, 6),
        "not_ready": round(found.not_ready, 6),
        "mean_trials": round(found.mean_trials, 2),
        "percentile_95": found.percentile(0.95),
        "share_of_fixed": round(found.mean_trials / fixed.trials, 4),
        "fixed_stopped_early_mean_trials": round(fixed.curtailed_mean(rate), 2),
        "inconclusive_at_budget": {
            budget: round(operating(zone, rate, budget).inconclusive, 4) for budget in BUDGETS
        },
    }


def errors(zone: Zone) -> dict[str, Any]:
    """Exact error rates without a budget and under each; what is left at the horizon counts as an error."""
    good, bad = operating(zone, zone.good), operating(zone, zone.bad)
    return {
        "not_ready_at_good": good.not_ready + good.inconclusive,
        "alpha": zone.alpha,
        "ready_at_bad": bad.ready + bad.inconclusive,
        "beta": zone.beta,
        "under_budget": {
            budget: [operating(zone, zone.good, budget).not_ready, operating(zone, zone.bad, budget).ready]
            for budget in BUDGETS
        },
    }


def coverage(zone: Zone, cap: int) -> dict[str, Any]:
    """Least exact coverage over the grid of true rates, for trials that end at a verdict or at the cap."""
    ends = [(stop, interval(zone, Evidence(stop.passes, stop.fails), cap)) for stop in stops(zone, cap)]
    covered = {
        rate: total((stop for stop, found in ends if found.low <= rate <= found.high), rate) for rate in GRID
    }
    least = min(covered, key=lambda rate: covered[rate])
    mean_width = {
        rate: round(sum(total((stop,), rate) * (found.high - found.low) for stop, found in ends), 4)
        for rate in (zone.good, zone.bad)
    }
    return {
        "cap": cap,
        "ends": len(ends),
        "rates": len(GRID),
        "least": round(covered[least], 6),
        "at_rate": least,
        "mean": round(sum(covered.values()) / len(covered), 4),
        "mean_width": mean_width,
        "methods": sorted({found.method for _, found in ends}),
    }


def one_zone(good: float, bad: float) -> dict[str, Any]:
    zone = Zone(good, bad)
    fixed = fixed_test(zone)
    rates = (1.0, good, round((good + bad) / 2, 4), bad, round(bad - 0.15, 4), 0.5, 0.0)
    return {
        "zone": [good, bad],
        "errors": errors(zone),
        "fixed_test": {
            "trials": fixed.trials,
            "least_passes": fixed.least_passes,
            "not_ready_at_good": 1.0 - fixed.ready(good),
            "ready_at_bad": fixed.ready(bad),
        },
        "at": [at_rate(zone, rate) for rate in rates],
        "coverage": [coverage(zone, cap) for cap in BUDGETS],
    }


def shortfalls(zones: list[dict[str, Any]]) -> list[str]:
    """What was required and does not hold."""
    found = []
    for one in zones:
        made = one["errors"]
        if made["not_ready_at_good"] > made["alpha"] or made["ready_at_bad"] > made["beta"]:
            found.append(f"{one['zone']}: an error rate is above its bound")
        found += [
            f"{one['zone']}: coverage {each['least']} at {each['at_rate']}"
            for each in one["coverage"]
            if each["least"] < REQUIRED["coverage"]
        ]
    first = {row["rate"]: row["share_of_fixed"] for row in zones[0]["at"]}
    if first[0.95] > REQUIRED["share_at_good"] or first[1.0] > REQUIRED["share_at_1"]:
        found.append(f"first zone: {first[0.95]} of the fixed test at good, {first[1.0]} at 1.0")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out")
    args = parser.parse_args()
    began = time.perf_counter()
    zones = [one_zone(*zone) for zone in ZONES]
    made = {"date": datetime.now(UTC).date().isoformat(), "python": platform.python_version()}
    results = {"made": made, "required": REQUIRED, "shortfalls": shortfalls(zones), "zones": zones}
    text = json.dumps(results, indent=1) + "\n"
    if args.out:
        with open(args.out, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text, end="")
    for one in zones:
        print(one["zone"], {row["rate"]: (row["mean_trials"], row["share_of_fixed"]) for row in one["at"]})
    print("shortfalls:", results["shortfalls"] or "none", f"({time.perf_counter() - began:.1f} s)")
    return 1 if results["shortfalls"] else 0


if __name__ == "__main__":
    raise SystemExit(main())

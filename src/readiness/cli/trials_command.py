"""`readiness trials plan|check|baseline`: what a zone costs, whether it errs as it says, and what got worse."""

from __future__ import annotations

import argparse
import os
import sys

from readiness.cli import project
from readiness.gate.settings import UsageError
from readiness.record.outcome import EXIT_INCONCLUSIVE, EXIT_NOT_READY, EXIT_READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from readiness.trials.recorded import RecordedTrial
    from readiness.trials.zone import Zone


def add_arguments(parser: argparse.ArgumentParser) -> None:
    project.add_place(parser)
    parts = parser.add_subparsers(dest="what", required=True, metavar="{plan,check,baseline}")
    plan = parts.add_parser("plan", help="trials needed at each true rate, next to the fixed test")
    _add_zone(plan)
    plan.add_argument("--budget", type=int, metavar="N", help="most trials (default: no end)")
    plan.add_argument("--checks", type=int, default=1, metavar="M", help="how many tests decide together")
    plan.add_argument("--rate", type=float, action="append", default=[], help="a true rate; repeatable")
    check = parts.add_parser("check", help="error rates on recorded trials, at no model cost")
    _add_source(check)
    _add_zone(check)
    check.add_argument("--budget", type=int, default=100, metavar="N", help="most trials (default: 100)")
    check.add_argument("--resamples", type=int, default=1000, metavar="N", help="default: 1000")
    check.add_argument("--seed", type=int, default=0, help="of the resampling (default: 0)")
    baseline = parts.add_parser("baseline", help="keep what is right now, or compare with it")
    baseline.add_argument("step", choices=("save", "compare"))
    _add_source(baseline)
    baseline.add_argument(
        "--worse", type=float, default=0.75, metavar="SHARE", help="of differing pairs (default: 0.75)"
    )
    baseline.add_argument(
        "--margin", type=float, default=0.10, help="a fall in rate that matters (default: 0.1)"
    )
    baseline.add_argument("--alpha", type=float, default=0.05, help="risk of a false alarm (default: 0.05)")
    baseline.add_argument("--beta", type=float, default=0.05, help="risk of a miss (default: 0.05)")
    for part in (plan, check, baseline):
        part.add_argument("--json", action="store_true", help="print it as JSON")


def main(args: argparse.Namespace) -> int:
    """Raises UsageError for rates, files and runs that cannot be used."""
    return {"plan": _plan, "check": _check, "baseline": _baseline}[args.what](args)


def _plan(args: argparse.Namespace) -> int:
    from readiness.trials.boundary import TooLarge
    from readiness.trials.planner import plan_trials
    from readiness.trials.tables import plan_lines

    _refuse_below_one("--budget", args.budget)
    if not all(0.0 <= rate <= 1.0 for rate in args.rate):
        raise UsageError("--rate must lie between 0 and 1")
    try:
        plan = plan_trials(_zone(args, args.checks), args.budget, args.rate)
    except TooLarge as error:
        raise UsageError(f"{error}; move --good and --bad apart, or give a lower --budget") from error
    _show(args, plan, plan_lines(plan))
    return EXIT_READY


def _check(args: argparse.Namespace) -> int:
    """Exit code 1 when an error rate is above its bound, 3 when no test has enough trials."""
    from readiness.trials.calibration import calibrate
    from readiness.trials.tables import calibration_lines

    for name in ("budget", "resamples"):
        _refuse_below_one(f"--{name}", getattr(args, name))
    zone = _zone(args)
    by_test: dict[str, list[RecordedTrial]] = {}
    for trial in _trials(args):
        by_test.setdefault(trial.test, []).append(trial)
    found = [
        calibrate(test, trials, zone, args.budget, args.resamples, args.seed)
        for test, trials in by_test.items()
    ]
    _show(args, found, calibration_lines(found, zone))
    if any(one.enough and not one.holds for one in found):
        return EXIT_NOT_READY
    return EXIT_READY if any(one.enough for one in found) else EXIT_INCONCLUSIVE


def _baseline(args: argparse.Namespace) -> int:
    """Compare: exit code 1 when a test is worse, 3 when one is undecided or none could be compared."""
    from readiness.trials.baseline import BaselineError, load_baseline

    root = os.path.dirname(project.find_config(args))
    if args.step == "save":
        return _save(args, root)
    try:
        stored = load_baseline(root)
    except BaselineError as error:
        raise UsageError(str(error)) from error
    from readiness.trials.baseline import compare_with_baseline
    from readiness.trials.paired import Comparison, PairedTest
    from readiness.trials.tables import comparison_lines

    try:
        test = PairedTest(args.worse, args.margin, args.alpha, args.beta)
    except ValueError as error:
        raise UsageError(str(error)) from error
    found = compare_with_baseline(stored, _trials(args), test)
    if not found:
        raise UsageError("none of these tests has a baseline; save one of the version to compare with")
    _show(args, found, comparison_lines(found))
    said = {one.result.comparison for one in found}
    if Comparison.WORSE in said:
        return EXIT_NOT_READY
    return EXIT_READY if said == {Comparison.NOT_WORSE} else EXIT_INCONCLUSIVE


def _save(args: argparse.Namespace, root: str) -> int:
    from datetime import UTC, datetime

    from readiness.trials.baseline import PATH as baseline_path
    from readiness.trials.baseline import BaselineError, add_trials, load_baseline, save_baseline

    try:
        before = load_baseline(root) if os.path.exists(os.path.join(root, baseline_path)) else {}
    except BaselineError as error:
        raise UsageError(str(error)) from error
    trials = _trials(args)
    if not any(trial.counts for trial in trials):
        raise UsageError("all of these trials were lost to the infrastructure, so nothing was saved")
    stored = add_trials(before, trials, datetime.now(UTC).isoformat(timespec="seconds"))
    path = save_baseline(root, stored)
    tests = sorted({trial.test for trial in trials})
    kept = {test: len(stored[test].trials) for test in tests if test in stored}
    _show(args, {"path": path, "trials": kept}, [f"{path}: {n} trials of {test}" for test, n in kept.items()])
    return EXIT_READY


def _add_zone(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--good", type=float, default=0.95, help="rate that must pass (default: 0.95)")
    parser.add_argument("--bad", type=float, default=0.80, help="rate that must not (default: 0.8)")
    parser.add_argument(
        "--alpha", type=float, default=0.05, help="risk of failing a good one (default: 0.05)"
    )
    parser.add_argument("--beta", type=float, default=0.05, help="risk of passing a bad one (default: 0.05)")


def _add_source(parser: argparse.ArgumentParser) -> None:
    # The place may stand before or after the word; what is not given here must not undo what was given there.
    parser.add_argument("-C", dest="folder", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--config", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("file", nargs="?", metavar="FILE", help="recorded trials, one JSON object a line")
    parser.add_argument(
        "--record",
        nargs="?",
        const="latest",
        metavar="RUN",
        help="those of a run, by its id (default: the latest)",
    )


def _zone(args: argparse.Namespace, checks: int = 1) -> Zone:
    from readiness.trials.zone import Zone

    try:
        return Zone(args.good, args.bad, args.alpha, args.beta).with_checks(checks)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _trials(args: argparse.Namespace) -> list[RecordedTrial]:
    """The trials of the file or run that was named, at least one."""
    from readiness.trials.recorded import RecordedError, read_trials

    path = _source(args)
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            found = list(read_trials(file, path))
    except FileNotFoundError as error:
        raise UsageError(
            f"{path}: there are no recorded trials; run a check with `trials`, or name a file"
        ) from error
    except RecordedError as error:
        raise UsageError(str(error)) from error
    if not found:
        raise UsageError(f"{path}: it holds no trial")
    return found


def _source(args: argparse.Namespace) -> str:
    if (args.file is None) is (args.record is None):
        raise UsageError("name a file of recorded trials, or --record for those of the latest run")
    if args.file is not None:
        return os.path.join(project.start_folder(args), args.file)
    from readiness.run import artifacts
    from readiness.trials.recorded import RUN_FILE

    return artifacts.find(os.path.dirname(project.find_config(args)), args.record).inside(RUN_FILE)


def _refuse_below_one(name: str, given: int | None) -> None:
    if given is not None and given < 1:
        raise UsageError(f"{name} must be at least 1, not {given}")


def _show(args: argparse.Namespace, found: object, lines: Iterable[str]) -> None:
    if not args.json:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return
    import json

    json.dump(_as_json(found), sys.stdout, indent=2)
    sys.stdout.write("\n")


def _as_json(found: object) -> object:
    """Dataclasses and sequences of them as what `json` can write."""
    from dataclasses import asdict, is_dataclass

    if is_dataclass(found) and not isinstance(found, type):
        return asdict(found)
    return [_as_json(one) for one in found] if isinstance(found, (list, tuple)) else found

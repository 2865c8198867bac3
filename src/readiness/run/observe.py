"""From a job that has ended to the result on record: test records, judgement, and what else was seen."""

from __future__ import annotations

import os
import time
from collections import Counter

from readiness.gate.judge import Observed, judge
from readiness.record.redact import Redactor
from readiness.record.result import CheckResult
from readiness.record.trials import ERROR, NOT_READY, READY, SKIPPED
from readiness.record.value import EMPTY, as_json, replace, value
from readiness.run.flaky_seen import NOT_FLAKY
from readiness.run.probe_events import read
from readiness.run.provenance import blob_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.config.model import Check
    from readiness.gate.judge import Judgement, TestRecords
    from readiness.gate.plan import Item
    from readiness.record.outcome import Outcome
    from readiness.record.result import Counts, Failure
    from readiness.record.trials import CheckTrials
    from readiness.relay.meter import Meter
    from readiness.run.check_job import Prepared
    from readiness.run.context import Context
    from readiness.run.flaky_seen import Flaky
    from readiness.run.job import Ended
    from readiness.run.measured import Measured
    from readiness.run.probe_events import ProbeSummary


METERED = (
    *("calls", "counted", "stand_ins", "replayed", "tokens", "seconds", "ttft_median", "ttft_p95"),
    *("statuses", "errors", "retries", "cold_starts", "cost"),
)
"""What the record keeps of a check's meter."""


@value
class Surroundings:
    """What was true around a check while it ran."""

    network: str
    started_at: str
    guard: bool = False
    """The probe was asked to keep the network out, for want of a namespace."""
    stand_ins: tuple[str, ...] = ()
    died: str = ""
    """The service that it needed and that died meanwhile, with the reason."""
    calls_pytest: bool = False
    toothless: str = ""
    cache_miss: str = ""
    measured: Measured | None = None
    """What the relay saw, for a check of lane nd or live."""
    trials: CheckTrials | None = None
    inputs: str = ""
    """The digest of what a core check ran on, where it has to be remembered how its tests ended."""
    ran_on: str = ""
    """The same of any core check whose inputs were looked at before it started."""
    trial_failures: tuple[Failure, ...] = ()
    """The last failed trial of each test that trials failed."""


def now() -> str:
    """The time as the record writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def said(error: OSError | ValueError) -> str:
    """An error as it stands in a message: which file, and what the system said of it."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.filename}: {error.strerror}" if error.filename else error.strerror


def conclude(
    item: Item, prepared: Prepared, ended: Ended, around: Surroundings, context: Context
) -> CheckResult:
    """Judge a check whose job has ended."""
    check = item.check
    repeated = frozenset(one.test for one in around.trials.tests) if around.trials else frozenset()
    tests = read(prepared.events, context.root, repeated)
    seen = _observed(ended, around, tests)
    flaky, weighed = _flaky(seen, tests, around, context)
    verdict = judge(check, weighed, context.settings)
    outcome, reason = _outcome(verdict, flaky, around)
    passed = outcome.value == "passed"
    # Tests put what they compare, and so at times a key, into their messages.
    redactor = Redactor(context.secrets)
    result = CheckResult(
        name=check.name,
        lane=check.lane,
        outcome=outcome,
        required=item.required,
        reason=reason,
        counts=counted(tests.counts, around.trials) if around.trials else tests.counts,
        seconds=ended.seconds,
        ran_against=verdict.ran_against,
        command=check.run,
        exit_code=ended.exit_code,
        log=context.folder.relative(prepared.log) if ended.output_bytes else "",
        network=seen.network,
        interpreter=context.interpreter(check).path,
        started_at=around.started_at,
        env_added=prepared.env_added,
        env_removed=prepared.env_removed,
        failures=tuple(with_blob(one, context.root) for one in _failures(check, tests, around)),
        failures_left_out=tests.failures_left_out,
        findings=tests.findings,
        left_over=tests.left_over,
        skips=tests.skips,
        skips_left_out=tests.skips_left_out,
        warnings=(
            *_warnings(ended, around),
            *_listed(check, tests, context, redactor),
            *flaky.notes,
            *_of_the_probe(tests),
            *tests.warnings,
        ),
        slowest=tests.slowest,
        survivors=ended.survivors,
        last_output="" if passed else ended.last_output,
        cause="" if passed else seen.cause or ("flaky" if flaky.seen else ""),
        model=_model(around.measured) if around.measured else EMPTY,
        calls=_calls(around.measured.meter) if around.measured else EMPTY,
        trials=around.trials,
        cache_miss=around.cache_miss,
        place=str(check.place),
        inputs=around.ran_on,
    )
    result = result if passed or result.cause else replace(result, cause=_cause(result, context.root))
    return redactor.value(result)


def _outcome(judged: Judgement, flaky: Flaky, around: Surroundings) -> tuple[Outcome, str]:
    """What was judged, with what befell the check besides."""
    outcome, reason = judged.outcome, judged.reason
    if flaky.hidden:
        reason = f"{reason}; in quarantine: {', '.join(sorted(flaky.hidden))}"
    if around.died and outcome.value in ("failed", "error", "timed_out"):
        return type(outcome).ERROR, f"{around.died}; then: {reason}"
    return outcome, reason


def _listed(check: Check, tests: ProbeSummary, context: Context, redactor: Redactor) -> tuple[str, ...]:
    """Keep how every test ended; empty, or why history will not know it."""
    if not tests.results:
        return ()
    from readiness.run.test_results import write_tests

    try:
        write_tests(context.folder, check.name, tests, redactor)
    except OSError as error:
        return (f"history will know only the tests that failed: {said(error)}",)
    return ()


def _cause(result: CheckResult, root: str) -> str:
    from readiness.gate.cause_class import not_the_codes
    from readiness.run.own_modules import own_modules

    return not_the_codes(result, own_modules(root))


def _observed(ended: Ended, around: Surroundings, tests: ProbeSummary) -> Observed:
    measured = around.measured
    return Observed(
        exit_code=ended.exit_code,
        seconds=ended.seconds,
        start_error=ended.start_error,
        stopped=ended.stopped,
        network="guard" if around.guard and tests.guarded else around.network,
        calls_pytest=around.calls_pytest,
        toothless=around.toothless,
        stand_ins=_stand_ins(around),
        model_calls=measured.meter.counted if measured else 0,
        cause=measured.cause.word if measured else "",
        cause_evidence=measured.cause.evidence if measured else "",
        last_output=ended.last_output,
        tests=tests,
        trials=around.trials,
    )


def _failures(check: Check, tests: ProbeSummary, around: Surroundings) -> tuple[Failure, ...]:
    """The most telling first; what a test left changed counts where the check is strict about it."""
    leaks = tests.leaks if check.isolation == "strict" else ()
    return (*tests.timed_out, *around.trial_failures, *tests.failures, *tests.swallowed, *leaks)


def _flaky(
    seen: Observed, tests: ProbeSummary, around: Surroundings, context: Context
) -> tuple[Flaky, Observed]:
    """What is known of the tests that failed, and what was observed without those in quarantine."""
    if not around.inputs or not tests.ended:
        return NOT_FLAKY, seen
    from readiness.run import flaky

    found = flaky.remember(context, tests, around.inputs)
    return found, flaky.without_hidden(seen, found)


def counted(counts: Counts, trials: CheckTrials) -> Counts:
    """The tests of a check by how they ended, those judged by trials by their verdict. Open ones are in neither."""
    tests = [one for one in trials.tests if one.test]
    verdicts = Counter(one.verdict for one in tests)
    return replace(
        counts,
        collected=counts.collected + len(tests),
        passed=counts.passed + verdicts[READY],
        failed=counts.failed + verdicts[NOT_READY],
        errors=counts.errors + verdicts[ERROR],
        skipped=counts.skipped + verdicts[SKIPPED],
    )


def not_started(item: Item, outcome: str, reason: str) -> CheckResult:
    """The result of a check that the run never started."""
    from readiness.gate.cause_class import not_the_codes

    check: Check = item.check
    result = CheckResult.from_json(
        {
            "name": check.name,
            "lane": check.lane,
            "outcome": outcome,
            "required": item.required,
            "reason": reason,
            "command": check.run,
            "place": str(check.place),
        }
    )
    return replace(result, cause=not_the_codes(result, frozenset()))


def with_blob(failure: Failure, root: str) -> Failure:
    """Pin the cited line to the content that ran: a citation without its blob may point at other code later."""
    path = failure.where.rpartition(":")[0]
    if not path or os.path.isabs(path):
        return failure
    return replace(failure, blob=blob_hash(os.path.join(root, path)))


def _stand_ins(around: Surroundings) -> tuple[str, ...]:
    """Services that declare themselves stand-ins, and a model that does so in its answers."""
    meter = around.measured.meter if around.measured else None
    fake = (
        ("the model that answered",)
        if meter and meter.stand_ins and not (meter.counted or meter.replayed)
        else ()
    )
    return (*around.stand_ins, *fake)


def _model(measured: Measured) -> dict[str, object]:
    return {**measured.model, "answered": list(measured.meter.models), "why": measured.why}


def _calls(meter: Meter) -> dict[str, object]:
    return {name: as_json(getattr(meter, name)) for name in METERED}


def _of_the_probe(tests: TestRecords) -> tuple[str, ...]:
    return (*tests.notes, *(f"the socket guard refused {one}" for one in tests.blocked))


def _warnings(ended: Ended, around: Surroundings) -> tuple[str, ...]:
    said = [around.died] if around.died else []
    if ended.left_running:
        said.append(
            f"left {len(ended.left_running)} process(es) running, which were ended: {'; '.join(ended.left_running[:5])}"
        )
    if ended.log_error:
        said.append(f"its log is incomplete: {ended.log_error}")
    return tuple(said)

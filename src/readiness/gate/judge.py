"""From what was observed of a check to its outcome. Evidence decides, not the exit code alone."""

from __future__ import annotations

from readiness.gate.trials import judge_trials, what_was_shown
from readiness.record.outcome import Outcome, RanAgainst
from readiness.record.result import Counts, Failure, Skip
from readiness.record.trials import READY
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.config.model import Check
    from readiness.gate.settings import Settings
    from readiness.record.finding import Finding, LeftOver
    from readiness.record.trials import CheckTrials

COMMAND_NOT_FOUND = 127
COMMAND_NOT_EXECUTABLE = 126
PYTEST_TESTS_FAILED = 1
PYTEST_NOTHING_COLLECTED = 5


@value
class TestRecords:
    """What the probe wrote of every pytest process of a check; see docs/probe.md."""

    __test__ = False

    processes: int = 0
    counts: Counts = Counts()
    failures: tuple[Failure, ...] = ()
    failures_left_out: int = 0
    skips: tuple[Skip, ...] = ()
    skips_left_out: int = 0
    swallowed: tuple[Failure, ...] = ()
    leaks: tuple[Failure, ...] = ()
    """State that tests left changed; what `isolation: strict` fails a check for."""
    findings: tuple[Finding, ...] = ()
    left_over: tuple[LeftOver, ...] = ()
    reruns: tuple[str, ...] = ()
    """Tests that failed and then passed on a repetition."""
    running: tuple[str, ...] = ()
    """Tests that were started and never finished."""
    timed_out: tuple[Failure, ...] = ()
    """Tests that passed their own deadline, with the stack in `details`."""
    warnings: tuple[str, ...] = ()
    slowest: tuple[tuple[str, float], ...] = ()
    guarded: bool = False
    """The socket guard was active in every one of the processes."""
    blocked: tuple[str, ...] = ()
    """Connections that the socket guard refused."""
    notes: tuple[str, ...] = ()
    """What does not decide: a process that ran nothing while others did, a deadline that is not in force."""
    problems: tuple[str, ...] = ()
    """What the probe could not record. Records with problems are not whole, and let nothing pass."""


@value
class Observed:
    """What the run saw of one check.

    `exit_code` is negative for a signal, None when the command never started (`start_error` says why).
    `stopped` is why the gate ended it: empty, `deadline`, `asked` (Ctrl-C, TERM), `output` (too much of it) or
    `gate gone`. `network` is `namespace`, `guard` or `open`. `calls_pytest` says that the command runs pytest, so
    that test records are owed; `toothless` why its exit code proves nothing. `stand_ins` are the services it ran
    against that declare themselves stand-ins. `model_calls` counts metered calls to a real model or host; `cause`
    says what they show of a check that did not pass (`capacity`, `cold start`, `config`), with `cause_evidence`.
    """

    exit_code: int | None
    seconds: float = 0.0
    start_error: str = ""
    stopped: str = ""
    network: str = "open"
    calls_pytest: bool = False
    toothless: str = ""
    stand_ins: tuple[str, ...] = ()
    model_calls: int = 0
    cause: str = ""
    cause_evidence: str = ""
    last_output: str = ""
    tests: TestRecords = TestRecords()
    """Without the tests that are judged by trials."""
    trials: CheckTrials | None = None


@value
class Judgement:
    """An outcome, the one-line reason for it, and what it was measured on."""

    outcome: Outcome
    reason: str
    ran_against: RanAgainst


def judge(check: Check, seen: Observed, settings: Settings) -> Judgement:
    """Decide a check that was run. The first rule that speaks decides; silence of all is a pass."""
    against = _ran_against(check, seen)
    for rule in (_cut_short, _not_started, _tests_failed, _trials, _command_failed, _flaky, _no_evidence):
        spoken = rule(check, seen)
        if spoken:
            lost = None if rule is _trials else _infrastructure(spoken[0], seen)
            return Judgement(*(lost or spoken), against)
    if settings.fail_on_skip and seen.tests.counts.skipped:
        return Judgement(
            Outcome.FAILED, f"{_plural(seen.tests.counts.skipped, 'test')} skipped (fail-on-skip)", against
        )
    unproven = _lane_not_proven(check, seen, settings, against)
    if unproven:
        return Judgement(Outcome.HOLLOW, unproven, against)
    if seen.tests.problems:
        return Judgement(Outcome.ERROR, f"its test records are not whole: {seen.tests.problems[0]}", against)
    return Judgement(Outcome.PASSED, _what_passed(seen), against)


INFRASTRUCTURE = frozenset({"capacity", "cold start"})


def _infrastructure(outcome: Outcome, seen: Observed) -> tuple[Outcome, str] | None:
    """A provider that is out of capacity is no defect, and no pass: it leaves the question open."""
    if seen.cause in INFRASTRUCTURE and outcome in (Outcome.FAILED, Outcome.ERROR, Outcome.TIMED_OUT):
        return Outcome.INCONCLUSIVE, f"{seen.cause}: {seen.cause_evidence}"
    return None


def _cut_short(check: Check, seen: Observed) -> tuple[Outcome, str] | None:
    if seen.stopped == "deadline":
        during = f" in {seen.tests.running[-1]}" if seen.tests.running else ""
        return Outcome.TIMED_OUT, f"still running{during} at its deadline of {check.timeout:g} s"
    if seen.tests.timed_out:
        return (
            Outcome.TIMED_OUT,
            f"{seen.tests.timed_out[0].test} passed its own deadline of {check.test_timeout:g} s",
        )
    if seen.stopped == "output":
        return Outcome.ERROR, "ended because it wrote more output than the limit; see its log"
    if seen.stopped:
        return Outcome.INTERRUPTED, "the run was interrupted while it ran"
    return None


def _not_started(check: Check, seen: Observed) -> tuple[Outcome, str] | None:
    if seen.exit_code is None:
        return Outcome.ERROR, seen.start_error or "could not be started"
    first_line = seen.last_output.strip().splitlines()[-1:] or [""]
    if seen.exit_code == COMMAND_NOT_FOUND and not seen.tests.processes:
        return Outcome.ERROR, f"command not found: {first_line[0] or check.run}"
    if seen.exit_code == COMMAND_NOT_EXECUTABLE and not seen.tests.processes:
        return Outcome.ERROR, f"command cannot be executed: {first_line[0] or check.run}"
    return None


def _tests_failed(check: Check, seen: Observed) -> tuple[Outcome, str] | None:
    """Test records outrank the exit code: `pytest || true` with a failing test has failed."""
    counts = seen.tests.counts
    if counts.failed:
        return (
            Outcome.FAILED,
            f"{counts.failed} of {_plural(counts.executed, 'test')} failed{_first(seen.tests.failures)}",
        )
    if check.isolation == "strict" and seen.tests.leaks:
        number = len({one.test for one in seen.tests.leaks})
        return (
            Outcome.FAILED,
            f"{_plural(number, 'test')} left state changed (isolation: strict){_first(seen.tests.leaks)}",
        )
    if seen.tests.swallowed:
        return (
            Outcome.FAILED,
            f"an assertion error was turned into a skip or a pass{_first(seen.tests.swallowed)}",
        )
    if counts.errors:
        return (
            Outcome.ERROR,
            f"{_plural(counts.errors, 'error')} in collection, setup or teardown{_first(seen.tests.failures)}",
        )
    if seen.tests.running:
        how = (
            f" (ended by signal {-seen.exit_code})"
            if seen.exit_code is not None and seen.exit_code < 0
            else ""
        )
        return Outcome.ERROR, f"pytest ended while {seen.tests.running[-1]} was running{how}"
    return None


def _trials(_check: Check, seen: Observed) -> tuple[Outcome, str] | None:
    """What repeated trials prove outranks the exit code: each of them has weighed its own infrastructure."""
    if seen.trials is None:
        return None
    if seen.toothless and not seen.tests.processes:
        return Outcome.HOLLOW, f"the command cannot fail: {seen.toothless}"
    return judge_trials(seen.trials)


def _command_failed(_check: Check, seen: Observed) -> tuple[Outcome, str] | None:
    code = seen.exit_code or 0
    if code == PYTEST_TESTS_FAILED and seen.trials and seen.trials.tests:
        # A trial that failed and that its test could afford.
        return None
    if code < 0:
        return Outcome.FAILED, f"the command was ended by signal {-code}"
    if code == PYTEST_NOTHING_COLLECTED and seen.tests.processes and not seen.tests.counts.executed:
        return None
    if code:
        return Outcome.FAILED, f"the command ended with exit code {code}"
    return None


def _flaky(_check: Check, seen: Observed) -> tuple[Outcome, str] | None:
    if not seen.tests.reruns:
        return None
    return (
        Outcome.FLAKY,
        f"{_plural(len(seen.tests.reruns), 'test')} failed and passed on a repetition: {seen.tests.reruns[0]}",
    )


def _no_evidence(_check: Check, seen: Observed) -> tuple[Outcome, str] | None:
    """An exit code of 0 without a trace of anything checked is hollow."""
    counts = seen.tests.counts
    if seen.trials and any(one.verdict == READY for one in seen.trials.tests):
        return None
    if seen.calls_pytest and not seen.tests.processes:
        return Outcome.HOLLOW, "the command runs pytest, yet no test record reached the gate"
    if seen.tests.processes and not counts.executed:
        return Outcome.HOLLOW, _why_nothing_ran(counts)
    if seen.toothless and not seen.tests.processes:
        return Outcome.HOLLOW, f"the command cannot fail: {seen.toothless}"
    return None


def _why_nothing_ran(counts: Counts) -> str:
    if counts.skipped:
        return f"all {_plural(counts.skipped, 'test')} skipped"
    if counts.deselected:
        return f"all {_plural(counts.deselected, 'test')} deselected"
    return "pytest collected no test"


def _ran_against(check: Check, seen: Observed) -> RanAgainst:
    if seen.exit_code is None and not seen.stopped:
        return RanAgainst.NOTHING
    if seen.stand_ins:
        return RanAgainst.STUB
    if check.lane == "core" and check.cassette:
        return RanAgainst.REPLAY
    if check.lane == "core":
        guarded = seen.network == "guard" and seen.tests.processes > 0 and seen.tests.guarded
        return RanAgainst.HERMETIC if seen.network == "namespace" or guarded else RanAgainst.UNPROVEN
    return RanAgainst.REAL if seen.model_calls else RanAgainst.UNPROVEN


def _lane_not_proven(check: Check, seen: Observed, settings: Settings, against: RanAgainst) -> str:
    """Why the lane's own evidence is missing: no network for core, metered calls for nd and live."""
    if check.lane == "core":
        if against is RanAgainst.UNPROVEN and settings.strict:
            return "this machine offers no way to prove that the command had no network"
        return ""
    if seen.stand_ins:
        return (
            f"ran against a stand-in ({', '.join(seen.stand_ins)}), which proves nothing in lane {check.lane}"
        )
    if not seen.model_calls:
        what = "a real model" if check.lane == "nd" else "an outside provider"
        why = f" ({seen.cause}: {seen.cause_evidence})" if seen.cause else ""
        return f"no metered call to {what}: nothing in lane {check.lane} was exercised{why}"
    return ""


def _what_passed(seen: Observed) -> str:
    if seen.trials:
        return what_was_shown(seen.trials)
    if not seen.tests.processes:
        return "exit code 0"
    counts = seen.tests.counts
    skipped = f", {counts.skipped} skipped" if counts.skipped else ""
    return f"{_plural(counts.executed, 'test')} passed{skipped}"


def _first(failures: tuple[Failure, ...]) -> str:
    if not failures:
        return ""
    one = failures[0]
    at = f" at {one.where}" if one.where else ""
    said = one.message.strip().splitlines()[:1]
    return f": {one.test}{at}" + (f": {said[0]}" if said else "")


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"

"""What kind of cause a failure has, and the evidence that decided it (row 39): pure.

The first rule that speaks decides, the surest first: what was tried out (the counterfactual) before what the
infrastructure said, that before what the message says, and history last. What nothing explains is a defect.
"""

from __future__ import annotations

import re

from readiness.record.outcome import Outcome
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.finding import Finding
    from readiness.record.result import CheckResult, Failure

CONFIG: Final = "config"
ENVIRONMENT: Final = "environment"
SERVICE: Final = "service"
LEAK: Final = "leak"
CAPACITY: Final = "capacity"
COLD_START: Final = "cold start"
REGRESSION: Final = "regression"
FLAKY: Final = "flaky"
DEFECT: Final = "defect"
CLASSES: Final = (CONFIG, ENVIRONMENT, SERVICE, LEAK, CAPACITY, COLD_START, REGRESSION, FLAKY, DEFECT)

RELAYED: Final = frozenset({CAPACITY, COLD_START, CONFIG})
"""What the relay's calls can show."""
LEAKED: Final = frozenset({"victim", "brittle"})
"""Findings that say that the test is sound in another state."""
UNTOLD: Final = frozenset({Outcome.PASSED, Outcome.INTERRUPTED, Outcome.INCONCLUSIVE})
"""Outcomes that say of themselves what there is to know."""
_SERVICE: Final = re.compile(
    r"service (?P<name>\S+) (?:is not usable|ended before|died after|could not be started)"
)
_PLACE: Final = re.compile(r"[^\s`(),;:]+:\d+")
_MODULE: Final = re.compile(r"No module named '(?P<name>[^'.]+)")
_LACKING: Final = (
    ("No space left on device", "the disk is full"),
    ("Too many open files", "no more files can be opened"),
    ("Cannot allocate memory", "no more memory is to be had"),
    ("error while loading shared libraries", "a shared library is missing"),
)
"""What the system says when the machine lacks something."""


@value
class LastPass:
    """The last run in which a check, or a test of it, passed. `same_code` and `same_setting` compare it with the run in
    question: commit and changed files, or the digest of the inputs; interpreter and packages. None: not known."""

    run_id: str
    commit: str
    what: str = "the check"
    same_code: bool | None = None
    same_setting: bool | None = None
    changed: str = ""
    """What differs in the setting, in words."""
    on_disk: bool = False
    """Whether the run's folder is still there."""


@value
class CauseClass:
    """`word` is one of CLASSES. `why` says what decided it, `by` which kind of evidence that was: `counterfactual`,
    `tracing`, `repetition`, `relay`, `service`, `message`, `config`, `history`, or `nothing` where a defect is what is left.
    `ref` names it: a service, a place, a run."""

    word: str
    why: str
    by: str
    ref: str = ""


def classify(
    check: CheckResult,
    failure: Failure | None = None,
    *,
    earlier: LastPass | None = None,
    own_modules: frozenset[str] = frozenset(),
) -> CauseClass:
    """The class of a check that did not pass, or of one failure of it. `own_modules` are the project's own."""
    finding = _finding(check, failure)
    message = _said(check, failure)
    found = (
        *_counterfactual(finding),
        *_leaves_state(failure),
        *_relay(check),
        *_service(check),
        *_repetition(check, finding),
        *_environment(check, message, own_modules),
        *_config(check),
        *_history(earlier, finding),
    )
    return found[0] if found else _defect(finding, earlier)


def not_the_codes(result: CheckResult, own_modules: frozenset[str]) -> str:
    """The class of a check that did not pass, where it is plain from the run alone that the code is not to blame: for
    none of its failures. Of several classes the first."""
    if result.outcome in UNTOLD or result.failures_left_out:
        return ""
    words = [classify(result, one, own_modules=own_modules).word for one in result.failures or (None,)]
    return "" if DEFECT in words else words[0]


def _finding(check: CheckResult, failure: Failure | None) -> Finding | None:
    return next((one for one in check.findings if failure and one.test == failure.test), None)


def _said(check: CheckResult, failure: Failure | None) -> str:
    """All that was said of what went wrong."""
    if failure is not None:
        return f"{failure.message}\n{failure.details}"
    return f"{check.reason}\n{check.last_output}"


def _counterfactual(finding: Finding | None) -> Iterator[CauseClass]:
    if finding is not None and finding.kind in LEAKED:
        ref = finding.causes[0].where if finding.causes else ""
        yield CauseClass(LEAK, _shown(finding), "counterfactual", ref)


def _leaves_state(failure: Failure | None) -> Iterator[CauseClass]:
    """The polluter itself, where a check is strict about leaks."""
    if failure is not None and failure.kind == "leak":
        yield CauseClass(LEAK, failure.message, "tracing", failure.where)


def _shown(finding: Finding) -> str:
    if finding.kind == "brittle":
        return "it passes only after what another test leaves behind"
    if any(cause.state and cause.put_back for cause in finding.causes):
        return "with what other tests left put back, it passes"
    return "it fails after the tests before it, and passes without them"


def _relay(check: CheckResult) -> Iterator[CauseClass]:
    if check.cause in RELAYED and check.calls:
        yield CauseClass(check.cause, _after(check.reason, check.cause), "relay")


def _after(reason: str, word: str) -> str:
    """The relay's own sentence within a reason."""
    _, found, rest = reason.partition(f"{word}: ")
    return rest if found else reason


def _service(check: CheckResult) -> Iterator[CauseClass]:
    match = _SERVICE.search(check.reason)
    if match and check.outcome in (Outcome.NOT_RUN, Outcome.ERROR):
        yield CauseClass(SERVICE, check.reason, "service", match["name"])


def _repetition(check: CheckResult, finding: Finding | None) -> Iterator[CauseClass]:
    if finding is not None and finding.kind == FLAKY:
        yield CauseClass(FLAKY, "run again in the very same state, it passed", "repetition")
    elif check.outcome is Outcome.FLAKY:
        yield CauseClass(FLAKY, check.reason, "repetition")
    elif check.cause == FLAKY and finding is None:
        yield CauseClass(FLAKY, "on the same inputs it has both passed and failed", "repetition")


def _environment(check: CheckResult, message: str, own: frozenset[str]) -> Iterator[CauseClass]:
    for match in _MODULE.finditer(message):
        if match["name"] not in own:
            why = f"the interpreter has no module {match['name']}, which is none of the project's own"
            yield CauseClass(ENVIRONMENT, why, "message", match[0])
    for said, why in _LACKING:
        if said in message:
            yield CauseClass(ENVIRONMENT, why, "message", said)
    if check.outcome is Outcome.SKIPPED and check.reason.endswith(
        (", which is not set", ", which are not set")
    ):
        yield CauseClass(ENVIRONMENT, check.reason, "message", check.place)
    first = message.partition("\n")[0]
    if first.startswith(("command not found:", "command cannot be executed:")):
        yield CauseClass(ENVIRONMENT, first, "message", first.partition(": ")[2])


def _config(check: CheckResult) -> Iterator[CauseClass]:
    if (
        check.reason.startswith("lint found errors")
        or check.outcome in (Outcome.HOLLOW, Outcome.SKIPPED)
        or check.cause == CONFIG
    ):
        at = _PLACE.search(check.reason)
        yield CauseClass(CONFIG, check.reason, "config", at[0] if at else check.place)


def _history(earlier: LastPass | None, finding: Finding | None) -> Iterator[CauseClass]:
    """`broken` says that it fails alone as well: that its code was sound earlier is still to be told from history."""
    if earlier is None or earlier.same_code is None:
        return
    passed = f"{earlier.what} passed in run {earlier.run_id}"
    if not earlier.same_code:
        of = f" of commit {earlier.commit[:12]}" if earlier.commit else ""
        yield CauseClass(REGRESSION, f"{passed}{of}; the code has changed since", "history", earlier.run_id)
    elif earlier.same_setting is False:
        why = f"{passed} on the same code; since then {earlier.changed}"
        yield CauseClass(ENVIRONMENT, why, "history", earlier.run_id)
    elif finding is None:
        why = f"{passed} on the same code with the same packages"
        yield CauseClass(FLAKY, why, "history", earlier.run_id)
    else:
        why = (
            f"{passed} on the same code and packages and now fails each time: what changed lies outside both"
        )
        yield CauseClass(ENVIRONMENT, why, "history", earlier.run_id)


def _defect(finding: Finding | None, earlier: LastPass | None) -> CauseClass:
    if finding is not None and finding.kind in ("broken", "broken_and_polluted", "hanging"):
        return CauseClass(
            DEFECT, "it fails alone as well, with nothing left behind by other tests", "counterfactual"
        )
    known = "" if earlier else "; no earlier run is on record in which it passed"
    return CauseClass(DEFECT, f"nothing on record explains it otherwise{known}", "nothing")

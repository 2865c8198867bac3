"""What is known of a check that was judged by repeated trials: each trial, each test, and all of them together."""

from __future__ import annotations

from readiness.record.value import EMPTY, field_names, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final, Self

READY: Final = "READY"
NOT_READY: Final = "NOT READY"
INCONCLUSIVE: Final = "INCONCLUSIVE"
ERROR: Final = "ERROR"
HOLLOW: Final = "HOLLOW"
SKIPPED: Final = "SKIPPED"

PASSED: Final = "passed"
FAILED: Final = "failed"
CAPACITY: Final = "capacity"


@value
class Trial:
    """One execution of a test, or of a command (then `test` is empty).

    `kind` is `passed`, `failed`, `capacity` (the infrastructure gave no answer: no trial), `hollow` (it passed and no
    real model was asked), `error` (it could not be judged) or `skipped`. `signature` is equal for trials that leave
    nothing to chance between them; empty where chance had its say. `prompt`, `sampling` and `model` are digests or
    names of what was asked first.
    """

    test: str
    number: int
    seed: int
    kind: str
    seconds: float = 0.0
    calls: int = 0
    tokens: int = 0
    signature: str = ""
    prompt: str = ""
    sampling: str = ""
    model: str = ""
    unnumbered: bool = False
    """Its calls did not carry its number: they are its own by the time at which they were made."""
    phase: str = ""
    message: str = ""
    where: str = ""
    details: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: data[name] for name in field_names(cls) if name in data})


@value
class TestTrials:
    """One test, judged by trials. `verdict` is READY, NOT READY, INCONCLUSIVE, ERROR, HOLLOW or SKIPPED.

    `passes` and `fails` count, `carried` of them from earlier runs; `capacity`, `duplicates`, `hollow` and `errors`
    do not. `path` has a `P` or `F` for each that counts, in order. `alpha` is this test's share of the risk. `low` and
    `high` hold the true rate with a chance of 95%, whenever the trials stopped. `log_e` is the natural logarithm of
    the likelihood ratio of `good` against `bad`: against "at most bad" where it is positive, against "at least good"
    where it is negative. `fixed` is how many trials a test of fixed size with these errors needs, `calls_saved` what
    stopping earlier saved. `correlation` is that of trials on one prompt, `effective` how many independent trials
    these are worth, for prompts in general.
    """

    __test__ = False

    test: str
    verdict: str
    reason: str
    good: float
    bad: float
    alpha: float
    beta: float
    passes: int = 0
    fails: int = 0
    carried: int = 0
    capacity: int = 0
    duplicates: int = 0
    hollow: int = 0
    errors: int = 0
    cap: int = 0
    low: float = 0.0
    high: float = 1.0
    method: str = ""
    log_e: float = 0.0
    path: str = ""
    fixed: int = 0
    calls: int = 0
    calls_saved: int = 0
    best: str = ""
    worst: str = ""
    """The verdict had every trial that the infrastructure spoilt passed, or failed; empty where there were none."""
    prompts: int = 0
    correlation: float | None = None
    effective: float = 0.0
    note: str = ""
    """What became of earlier evidence, and why its trials ran one at a time."""

    @property
    def trials(self) -> int:
        return self.passes + self.fails

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        return cls(**{name: data[name] for name in field_names(cls) if name in data})


@value
class CheckTrials:
    """All tests of a check. `spent` and `budget` have the same keys: trials, calls, tokens, seconds, cost.

    `alpha` is the risk that any of the tests is called NOT READY although all are good, `beta` that of one bad test
    to be called READY. `continued` says of earlier evidence that it was gone on with, or why not; `file` holds what
    is kept of it.
    """

    tests: tuple[TestTrials, ...] = ()
    alpha: float = 0.0
    beta: float = 0.0
    spent: Mapping[str, float] = EMPTY
    budget: Mapping[str, float] = EMPTY
    reached: str = ""
    """Which part of the budget ended the trials; empty when none did."""
    continued: str = ""
    file: str = ""
    problem: str = ""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        known = {name: data[name] for name in field_names(cls) if name in data}
        known["tests"] = tuple(TestTrials.from_json(one) for one in data.get("tests", ()))
        return cls(**known)

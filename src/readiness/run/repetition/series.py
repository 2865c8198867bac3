"""The trials of one test, added up: what counts, what it says, and whether more of them could say anything."""

from __future__ import annotations

from readiness.record import trials as words
from readiness.record.trials import TestTrials
from readiness.trials.clusters import clustering
from readiness.trials.decision import Decision, decide, next_batch
from readiness.trials.evidence import Evidence
from readiness.trials.fixed_test import fixed_test
from readiness.trials.interval import any_time, interval
from readiness.trials.worst_case import with_lost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.record.trials import Trial
    from readiness.trials.recorded import RecordedTrial
    from readiness.trials.worst_case import WorstCase
    from readiness.trials.zone import Zone

REPEATS: Final = 3
"""Trials in a row that taught nothing (word for word the same, hollow, in error), after which no more are made."""
LOST_IN_A_ROW: Final = 10
"""Trials in a row that the infrastructure spoilt, after which it is taken to be down."""
TIMES_THE_FIXED_TEST: Final = 4
"""The cap where no budget of trials is given: a rate in the middle of the zone is the slowest to tell."""
LONGEST_PATH: Final = 2000


class Series:
    """One test. `zone` is the one it is judged by, its share of alpha in it."""

    def __init__(self, test: str, zone: Zone) -> None:
        self.test = test
        self.zone = zone
        self.fixed = fixed_test(zone).trials
        self.evidence = Evidence()
        self.settled: Decision | None = None
        self.trials: list[Trial] = []
        self.carried: list[RecordedTrial] = []
        self.stopped = ""
        """Why no more trials were made, although it is not decided; set from outside."""
        self.slots = 1
        self.cap = 0
        self.in_turn = ""
        """Why its trials run one at a time."""
        self._path = ""
        self._signatures: dict[str, int] = {}
        self._counted: set[int] = set()
        self._by_kind: dict[str, int] = {}
        self._in_a_row = ("", 0)
        self._duplicates = 0
        self._outcomes: list[tuple[str, bool]] = []
        self._calls = 0

    # --- what came out

    def carry(self, earlier: list[RecordedTrial]) -> None:
        """Go on from the trials of an earlier run. Only before the first trial of this one counts."""
        self.carried = earlier
        for one in earlier:
            if one.counts:
                self._count(one.passed, one.prompt)

    def add(self, trial: Trial) -> None:
        """One trial more, whatever it was."""
        self.trials.append(trial)
        self._calls += trial.calls
        kind = trial.kind
        if kind in (words.PASSED, words.FAILED):
            if trial.signature and trial.signature in self._signatures:
                self._duplicates += 1
                kind = "duplicate"
            else:
                if trial.signature:
                    self._signatures[trial.signature] = trial.number
                self._counted.add(trial.number)
                self._count(kind == words.PASSED, trial.prompt)
        self._by_kind[kind] = self._by_kind.get(kind, 0) + 1
        before, times = self._in_a_row
        self._in_a_row = (kind, times + 1 if before == kind else 1)

    def _count(self, passed: bool, prompt: str) -> None:
        self.evidence = self.evidence.add(passed)
        self._path += "P" if passed else "F"
        self._outcomes.append((prompt, passed))
        if self.settled is None and (found := decide(self.zone, self.evidence)) is not Decision.UNDECIDED:
            self.settled = found

    def counting(self) -> Iterator[Trial]:
        """This run's trials without the duplicates and what is none: those that count, and those that were lost."""
        yield from (one for one in self.trials if one.kind == words.CAPACITY or one.number in self._counted)

    # --- what follows

    @property
    def verdict(self) -> str:
        """Empty while it is open."""
        if self.settled is not None:
            return self._with_lost().decision.value if self._with_lost().decision is self.settled else ""
        counted = self.evidence.trials
        errors, hollow = self._by_kind.get("error", 0), self._by_kind.get("hollow", 0)
        if errors >= REPEATS or (errors and not counted):
            return words.ERROR
        if hollow >= REPEATS + counted:
            return words.HOLLOW
        if self._by_kind.get("skipped") and not counted:
            return words.SKIPPED
        return ""

    def no_more(self) -> str:
        """Why further trials would teach nothing; empty when they would."""
        kind, times = self._in_a_row
        if kind == "duplicate" and times >= REPEATS:
            return (
                "nothing is left to chance: trials repeat the same requests word for word, seed included; "
                "use the seed of the fixture `trial` (READINESS_SEED), or a temperature above 0"
            )
        if kind == words.CAPACITY and times >= LOST_IN_A_ROW:
            return f"the infrastructure gave no answer {times} times in a row: {self.trials[-1].message}"
        if kind in ("error", "hollow", "skipped") and times >= REPEATS:
            return f"{times} trials in a row ended {kind}: {self.trials[-1].message}"
        return ""

    def wanted(self, slots: int, left: int, running: int) -> int:
        """How many trials to start now, of `left` that the budget still allows (those under way included)."""
        if self.verdict or self.settled or self.stopped or left <= running:
            return 0
        # The budget does not curtail: what it leaves open, a later run goes on with.
        batch = next_batch(
            self.zone, self.evidence, slots, max(left, self.fixed * TIMES_THE_FIXED_TEST), running
        )
        return min(batch, left - running)

    @property
    def default_cap(self) -> int:
        return self.fixed * TIMES_THE_FIXED_TEST

    @property
    def made(self) -> int:
        return len(self.trials)

    # --- the result

    def result(self) -> TestTrials:
        lost = self._with_lost()
        spread = clustering(self._outcomes)
        bounds = interval(self.zone, self.evidence) if not self.carried else any_time(self.evidence)
        verdict = self.verdict or words.INCONCLUSIVE
        used = self.evidence.trials
        per_trial = self._calls / self.made if self.made else 0.0
        saved = max(0, self.fixed - used) if verdict in (words.READY, words.NOT_READY) else 0
        return TestTrials(
            test=self.test,
            verdict=verdict,
            reason=self._reason(verdict),
            good=self.zone.good,
            bad=self.zone.bad,
            alpha=self.zone.alpha,
            beta=self.zone.beta,
            passes=self.evidence.passes,
            fails=self.evidence.fails,
            carried=sum(one.counts for one in self.carried),
            capacity=lost.lost,
            duplicates=self._duplicates,
            hollow=self._by_kind.get("hollow", 0),
            errors=self._by_kind.get("error", 0),
            cap=max(self.cap, self.made) + sum(one.counts for one in self.carried),
            low=round(bounds.low, 6),
            high=round(bounds.high, 6),
            method=bounds.method,
            log_e=round(self.evidence.log_e(self.zone), 6),
            path=self._path[-LONGEST_PATH:],
            fixed=self.fixed,
            calls=self._calls,
            calls_saved=round(saved * per_trial),
            best=_word(lost.best) if lost.lost else "",
            worst=_word(lost.worst) if lost.lost else "",
            prompts=spread.prompts,
            correlation=None if spread.correlation is None else round(spread.correlation, 4),
            effective=round(spread.effective, 2),
        )

    def _reason(self, verdict: str) -> str:
        if verdict == words.READY:
            return f"at most {self.zone.bad:g} is ruled out"
        if verdict == words.NOT_READY:
            return self._last(words.FAILED)
        if verdict == words.ERROR:
            return self._last("error")
        if verdict == words.HOLLOW:
            return "it passes without a metered call to a real model, which proves nothing"
        if verdict == words.SKIPPED:
            return self._last("skipped")
        if self.settled is not None:
            lost = self._with_lost()
            return (
                f"{lost.lost} trials were lost to the infrastructure: {_word(lost.best)} had they passed, "
                f"{_word(lost.worst)} had they failed"
            )
        return self.no_more() or self.stopped

    def _last(self, kind: str) -> str:
        return next((one.message for one in reversed(self.trials) if one.kind == kind), "")

    def last_failed(self) -> Trial | None:
        return next((one for one in reversed(self.trials) if one.kind in (words.FAILED, "error")), None)

    def _with_lost(self) -> WorstCase:
        return with_lost(self.zone, self.evidence, self._by_kind.get(words.CAPACITY, 0), self.settled)


def _word(decision: Decision) -> str:
    return words.INCONCLUSIVE if decision is Decision.UNDECIDED else decision.value

"""All trials of one check: which tests are repeated, what they may cost, who gets the next trial. Values in, values out."""

from __future__ import annotations

from readiness.record import trials as words
from readiness.record.trials import CheckTrials
from readiness.record.value import replace, value
from readiness.run.repetition.budget import Budget
from readiness.run.repetition.series import Series
from readiness.trials.zone import Zone

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Final

    from readiness.config.model import Check
    from readiness.record.trials import Trial
    from readiness.trials.recorded import RecordedTrial

NEAR: Final = 0.9
"""The share of a check's deadline after which no trial is begun: a time-out is a failure, too little time is none."""
COMMAND: Final = ""
"""The name under which the trials of a whole command stand."""


@value
class Order:
    """What the probe is told: numbers and seeds of trials to start, and how many may run at once.

    `done` when nothing follows once those are over; `verdict` is `ready`, `not ready`, `inconclusive`, or `once`
    for a test that is run as usual. `cap` is how many trials of the test there may be, should no answer come.
    """

    run: tuple[tuple[int, int], ...] = ()
    done: bool = False
    slots: int = 1
    cap: int = 0
    verdict: str = ""


class CheckCourse:
    """The state of a check's trials. `sharing` is among how many checks of the lane alpha is shared out.

    `earlier` finds what an earlier run left of a test, once its first trial shows whether it still holds: it takes
    that trial and answers with trials to go on from, and with what is to be said.
    """

    def __init__(
        self,
        check: Check,
        *,
        sharing: int = 1,
        strict: bool = False,
        slots: int = 4,
        seed: int = 0,
        earlier: Callable[[Trial], tuple[list[RecordedTrial], str]] | None = None,
    ) -> None:
        self.check = check
        self.series: dict[str, Series] = {}
        self.budget = Budget.of(check.trials)
        self.spent: dict[str, float] = {"trials": 0}
        self.reached = ""
        self.problem = ""
        self._sharing = sharing
        self._strict = strict
        self._slots = slots
        self._seed = seed
        self._earlier = earlier
        self._continued: dict[str, str] = {}
        self._sessions = 0
        self._number = 0
        self._under_way: dict[str, set[int]] = {}

    # --- which tests

    def tests(self, marks: Mapping[str, Mapping[str, float]]) -> None:
        """The tests of one pytest process, each with the zone that its marker gives (empty: that of the check)."""
        zones = {test: zone for test, mark in marks.items() if (zone := self._zone(mark)) is not None}
        fresh = {test: zone for test, zone in zones.items() if test not in self.series}
        if not fresh:
            return
        if COMMAND not in fresh:
            self._drop_command()
        # A further pytest of the same command was not foreseen: it gets half of what the one before got.
        shares = self._sharing * len(fresh) * 2**self._sessions
        self._sessions += 1
        for test, zone in fresh.items():
            self.series[test] = Series(test, zone.with_checks(shares))

    def _drop_command(self) -> None:
        """There is a pytest in the command after all: its tests are repeated, not the command."""
        if self.series.pop(COMMAND, None):
            self._sessions = 0

    def command(self) -> None:
        """The command itself is what is repeated."""
        if not self.series:
            self.tests({COMMAND: {}})

    def _zone(self, mark: Mapping[str, float]) -> Zone | None:
        own = self.check.trials
        try:
            if own is not None:
                return Zone(mark.get("good", own.good), mark.get("bad", own.bad), own.alpha, own.beta)
            return Zone(mark["good"], mark["bad"]) if "good" in mark and "bad" in mark else None
        except ValueError as error:
            self.problem = f"the marker `trials` of a test cannot be used: {error}"
            return None

    # --- what came out

    def used(self, number: int) -> None:
        """A number that is never used again."""
        self._number = max(self._number, number)

    def started(self, test: str, number: int) -> None:
        """A trial is under way: its number is used up, whatever becomes of it."""
        self.used(number)
        self._under_way.setdefault(test, set()).add(number)

    def knows(self, test: str, number: int) -> bool:
        """Whether that trial is in already."""
        found = self.series.get(test)
        return found is not None and any(one.number == number for one in found.trials)

    def add(self, trial: Trial) -> None:
        """Take in a trial that has ended, once."""
        self.started(trial.test, trial.number)
        self._under_way[trial.test].discard(trial.number)
        series = self.series.get(trial.test)
        if series is None or self.knows(trial.test, trial.number):
            return
        if (
            self._earlier
            and trial.test not in self._continued
            and trial.prompt
            and not series.evidence.trials
        ):
            earlier, said = self._earlier(trial)
            self._continued[trial.test] = said
            series.carry(earlier)
        series.add(trial)
        # Where clients do not carry the number, whose calls they are can be told only one at a time.
        series.slots = 1 if trial.unnumbered or trial.kind == "hollow" else self._slots
        if trial.unnumbered:
            series.in_turn = "its calls are told by their time, since they do not carry the trial's address"
        self.spent["trials"] += 1

    def not_forked(self, test: str, why: str) -> None:
        """The probe runs the trials of a test in its own process."""
        if test in self.series:
            self.series[test].in_turn = why

    def spend(self, spent: Mapping[str, float]) -> None:
        """What the check has cost so far, all in all."""
        self.spent |= spent
        self.reached = self.reached or self.budget.reached(self.spent)

    def late(self, seconds: float, deadline: float | None) -> None:
        """No trial is begun that its check's deadline, that many seconds after its start, might cut off."""
        if deadline is not None and seconds >= NEAR * deadline:
            self.reached = self.reached or (
                f"its deadline of {deadline:g} s is near; give it a longer `timeout`, or a budget to end at"
            )

    # --- what next

    def order(self, test: str, running: int = 0) -> Order:
        """What a test, of which so many trials are under way, is to do next."""
        series = self.series.get(test)
        if series is None:
            return Order(done=True, verdict="once")
        # Its share is settled once: of what the others leave, those that come later take more.
        cap = series.cap = series.cap or self._cap(series)
        series.stopped = series.stopped or self._why_stop(series)
        if (verdict := series.verdict) or series.settled or series.stopped or series.no_more():
            return Order(done=True, cap=series.made, verdict=(verdict or words.INCONCLUSIVE).lower())
        count = series.wanted(series.slots, cap - series.made, running)
        if not count and not running:
            series.stopped = self._used_up(cap)
            return Order(done=True, cap=series.made, verdict="inconclusive")
        numbers = range(self._number + 1, self._number + 1 + count)
        run = tuple((number, self._seed + number) for number in numbers)
        for number, _ in run:
            self.started(test, number)
        return Order(run=run, slots=series.slots, cap=cap)

    @property
    def proven(self) -> str:
        """A test that is NOT READY; empty while none is."""
        return next((test for test, one in self.series.items() if one.verdict == words.NOT_READY), "")

    def stop(self, why: str) -> None:
        """No more trials for whatever is open."""
        for series in self.series.values():
            if not series.verdict:
                series.stopped = series.stopped or why

    def _why_stop(self, series: Series) -> str:
        if self.reached:
            return self.reached
        proven = self.proven
        if self._strict and proven and proven != series.test:
            return f"not needed any more: {proven} is NOT READY, which decides a strict gate"
        return ""

    def _cap(self, series: Series) -> int:
        """How many trials of a test there may be in this run: a fair share of what is left, or what the zone may need."""
        limit = self.budget.limits.get("trials")
        if limit is None:
            return series.default_cap
        left = int(limit) - int(self.spent["trials"])
        waiting = [
            one for one in self.series.values() if not one.made and not one.stopped and one is not series
        ]
        return series.made + max(1, left // (len(waiting) + 1)) if left > 0 else series.made

    def _used_up(self, cap: int) -> str:
        limit = self.budget.limits.get("trials")
        if limit is None:
            return f"{cap} trials did not decide it: the rate lies near the middle of the zone"
        shared = f" (of {limit:g} for {len(self.series)} tests)" if len(self.series) > 1 else ""
        return f"its budget of {cap} trials{shared} is used up"

    # --- the result

    def _notes(self, series: Series) -> tuple[str, str]:
        in_turn = f"one trial at a time: {series.in_turn}" if series.in_turn else ""
        return self._continued.get(series.test, ""), in_turn

    def result(self, file: str = "") -> CheckTrials | None:
        """All of it; None when no test is judged by trials."""
        if not self.series:
            return CheckTrials(problem=self.problem) if self.problem else None
        tests = tuple(
            replace(one.result(), note="; ".join(filter(None, self._notes(one))))
            for one in self.series.values()
        )
        return CheckTrials(
            tests=tests,
            alpha=round(sum(one.alpha for one in tests), 9),
            beta=max(one.beta for one in tests),
            spent=dict(self.spent),
            budget=dict(self.budget.limits),
            reached=self.reached,
            continued="; ".join(dict.fromkeys(filter(None, self._continued.values()))),
            file=file,
            problem=self.problem,
        )

"""The conductor's way to repeated trials. Where no check of a run can have any, nothing is imported for them."""

from __future__ import annotations

import selectors

from readiness.record.trials import NOT_READY
from readiness.record.value import replace
from readiness.run.observe import said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from readiness.config.model import Check
    from readiness.gate.plan import Item
    from readiness.record.result import CheckResult
    from readiness.record.trials import CheckTrials
    from readiness.run.cache import Keys
    from readiness.run.check_job import Prepared
    from readiness.run.context import Context
    from readiness.run.job import Ended, Job
    from readiness.run.journal import Journal
    from readiness.run.metering import Metering
    from readiness.run.repetition.repeaters import Repeaters
    from readiness.run.repetition.repetition import Repetition


class Repeating:
    """Starts, follows and ends the trials of a run's checks; the bells of their probes ring in `selector`."""

    def __init__(
        self,
        context: Context,
        selector: selectors.BaseSelector,
        metering: Metering,
        journal: Journal,
        keys: Keys,
        known: Mapping[str, tuple[bool, str]],
    ) -> None:
        self._context = context
        self._selector = selector
        self._metering = metering
        self._journal = journal
        self._keys = keys
        self._known = known
        self._repeaters: Repeaters | None = None

    def plan(self, items: tuple[Item, ...]) -> None:
        """Learn which checks of the run may be repeated."""
        if any(item.check.trials or item.check.lane != "core" for item in items):
            from readiness.run.repetition.repeaters import Repeaters

            self._repeaters = Repeaters(
                self._context, self._metering, self._journal, self._keys, items, self._known
            )

    def of(self, check: Check) -> Repetition | None:
        """The trials of a check that is about to start. Raises OSError."""
        return self._repeaters.of(check) if self._repeaters else None

    def begin(self, repetition: Repetition | None, prepared: Prepared) -> Prepared:
        """Open the way to its probes; the check as it is to start. Raises OSError."""
        if repetition is None:
            return prepared
        self._selector.register(repetition.open(), selectors.EVENT_READ, repetition)
        return replace(prepared, job=repetition.first_job(prepared.job))

    def look(self, repetitions: Iterable[Repetition | None]) -> None:
        """Take in what the probes of running checks wrote, and answer them."""
        for repetition in filter(None, repetitions):
            try:
                repetition.look()
            except OSError as error:
                name = repetition.check.name
                self._journal.write(
                    "problem", message=f"{name}: its trials cannot be followed: {said(error)}"
                )

    def next_job(self, repetition: Repetition | None, job: Job, ended: Ended) -> Job | None:
        """A command that is repeated as a whole, once more; None when it is not, or not any more."""
        if repetition is None:
            return None
        self.look([repetition])
        return repetition.again(job, ended)

    def end(self, repetition: Repetition | None) -> CheckTrials | None:
        """What the trials of a check say, once it has ended."""
        if repetition is None:
            return None
        self.look([repetition])
        self._selector.unregister(repetition.open())
        repetition.close()
        return repetition.result()

    def ends_lane(self, result: CheckResult, running: Iterable[Repetition | None]) -> str:
        """Why further trials of the check's lane would only cost: one proven NOT READY decides a strict gate.

        Those that are running are told so; empty when nothing is proven.
        """
        proven = result.trials and any(one.verdict == NOT_READY for one in result.trials.tests)
        if not (proven and result.required and self._context.settings.strict):
            return ""
        why = f"not needed any more: check {result.name} is NOT READY, which decides a strict gate"
        for repetition in filter(None, running):
            if repetition.check.lane == result.lane:
                repetition.course.stop(why)
        return why

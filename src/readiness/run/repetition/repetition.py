"""The trials of one running check: hears its probes, judges each trial by its calls, answers, keeps everything.

Every trial is in the journal before anything follows from it, so a killed gate loses none; a resumed run takes them
from there, and from what the probe wrote after the gate was gone.
"""

from __future__ import annotations

import os
import time

from readiness.record.redact import Redactor
from readiness.record.result import Failure
from readiness.record.trials import NOT_READY, Trial
from readiness.record.value import as_json, replace
from readiness.run.measured import MeteringError
from readiness.run.repetition.budget import spent_on
from readiness.run.repetition.channel import Channel, events_in
from readiness.run.repetition.check_trials import COMMAND, CheckCourse
from readiness.run.repetition.classify import Told, classify, own_calls
from readiness.run.repetition.kept import Kept
from readiness.run.repetition.run_file import add_to_run
from readiness_probe.trial_variables import Trial as Numbered
from readiness_probe.trial_variables import variables

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.config.model import Check
    from readiness.record.trials import CheckTrials
    from readiness.relay.call import Call
    from readiness.run.context import Context
    from readiness.run.job import Ended, Job
    from readiness.run.journal import Journal
    from readiness.run.metering import Metering

SLOTS: Final = 4
"""Trials at once: as many answers as the embedded model gives at once."""
NOT_FOUND: Final = (126, 127)


class Repetition:
    """`code` is the digest of what decides the check's outcome, `sharing` among how many checks alpha is shared out."""

    def __init__(
        self,
        check: Check,
        context: Context,
        metering: Metering,
        journal: Journal,
        *,
        code: str,
        sharing: int,
        calls_pytest: bool,
    ) -> None:
        self.check = check
        self._context = context
        self._metering = metering
        self._journal = journal
        self._events = context.folder.inside("probe", check.name)
        self._bell = os.path.join(context.scratch, f"bell-{check.name}")
        self._kept = Kept(context.root, check.name, code, context.folder.run_id)
        self._seed = first_seed(context.environ, self._kept.seeds())
        self._redactor = Redactor(context.secrets)
        self._channel: Channel | None = None
        self._pending: dict[str, tuple[int, str, int]] = {}
        self._calls: tuple[Call, ...] | None = None
        self._began = self._attempt_began = time.monotonic()
        self._command_began = 0.0
        self._command_trial: tuple[int, int] | None = None
        self.course = CheckCourse(
            check,
            sharing=sharing,
            strict=context.settings.strict,
            slots=SLOTS,
            seed=self._seed,
            earlier=self._kept.earlier,
        )
        if check.trials is not None and not calls_pytest:
            self.course.command()
        self._go_on()

    # --- before it runs

    def _go_on(self) -> None:
        """Take up what an interrupted attempt of this run left: in the journal, and then in the probe's files."""
        for event in [one for one in self._journal.events if one.get("check") == self.check.name]:
            if event["event"] == "trials":
                self.course.tests(event["tests"])
            elif event["event"] == "trial":
                self.course.add(Trial.from_json(event["trial"]))
                self._began = time.monotonic() - float(event.get("elapsed", 0.0))
        names = os.listdir(self._events) if os.path.isdir(self._events) else []
        for name in sorted(name for name in names if name.endswith(".jsonl")):
            with open(os.path.join(self._events, name), "rb") as file:
                data = file.read()
            for event in events_in(data[: data.rfind(b"\n") + 1]):
                self._hear_one(name, event)
        self._pending.clear()
        for call in self._all_calls():
            # Made by a trial that was cut off: its number would bring these calls to another.
            self.course.used(call.trial or 0)

    @property
    def told(self) -> str:
        """What the probe gets in its environment, before the channel is open."""
        return Channel.told(self._bell, cap=self._most(), slots=1, seed=self._seed)

    def open(self) -> int:
        """Open the channel; the descriptor to watch. Raises OSError."""
        if self._channel is None:
            self._channel = Channel(self._events, self._bell)
        return self._channel.descriptor

    def first_job(self, job: Job) -> Job:
        """The job of the check, with the number of the first trial in it where the command itself is repeated."""
        return (self._next_job(job) if COMMAND in self.course.series else None) or job

    # --- while it runs

    def look(self) -> None:
        """Take in what the probes wrote, and answer. Raises OSError or JournalWriteError."""
        if self._channel is None:
            return
        self._calls = None
        for heard in self._channel.hear():
            self._hear_one(heard.file, heard.event)
        self._spend()
        for file, (question, test, running) in self._pending.items():
            self._channel.answer(file, question, self.course.order(test, running))
        self._pending.clear()

    def _hear_one(self, file: str, event: Mapping[str, Any]) -> None:
        kind = event["event"]
        if kind == "trials":
            self._tests(event["tests"])
        elif kind == "trial_start":
            self.course.started(str(event["id"]), int(event["number"]))
        elif kind == "trial_ask":
            self._pending[file] = (int(event["ask"]), str(event["id"]), int(event["running"]))
        elif kind == "trial" and not self.course.knows(str(event["id"]), int(event["number"])):
            self._take(Told.from_event(event))
            if event.get("why"):
                self.course.not_forked(str(event["id"]), str(event["why"]))
        elif kind == "worker" and self.check.trials:
            self.course.problem = (
                "its tests run under pytest-xdist, where trials cannot be told apart: add -n0 "
                "(several trials run at once by themselves)"
            )

    def _tests(self, marks: Mapping[str, Mapping[str, float]]) -> None:
        known = len(self.course.series)
        self.course.tests(marks)
        if len(self.course.series) > known:
            self._journal.write("trials", check=self.check.name, tests=dict(marks))

    def _take(self, told: Told) -> None:
        """Judge a trial that has ended, and put it on record."""
        own, unnumbered = own_calls(told, self._all_calls())
        trial = classify(told, own, self.check.lane, unnumbered=unnumbered)
        trial = self._redactor.value(trial)
        elapsed = round(time.monotonic() - self._began, 3)
        self._journal.write("trial", check=self.check.name, trial=as_json(trial), elapsed=elapsed)
        self.course.add(trial)

    def _all_calls(self) -> tuple[Call, ...]:
        """Read once for all trials that are heard of together; the relay writes a call before its answer's end."""
        if self._calls is None:
            try:
                self._calls = self._metering.calls_of(self.check)
            except MeteringError as error:
                self._journal.write(
                    "problem", message=f"{self.check.name}: its calls cannot be counted: {error}"
                )
                self._calls = ()
        return self._calls

    def _spend(self) -> None:
        spent = spent_on(self._all_calls()) if self.course.budget.limits else {}
        now = time.monotonic()
        self.course.spend({**spent, "seconds": round(now - self._began, 3)})
        deadline = self.check.timeout if self._context.settings.timeouts else None
        self.course.late(now - self._attempt_began, deadline)

    def _most(self) -> int:
        """How far a probe may go that never gets an answer."""
        limit = self.course.budget.limits.get("trials")
        return int(limit) if limit is not None else 1

    # --- a whole command

    def again(self, job: Job, ended: Ended) -> Job | None:
        """The next execution of a command that is repeated as a whole; None when its trials are over."""
        if self._command_trial is None or COMMAND not in self.course.series or ended.stopped == "asked":
            return None
        self._calls = None
        number, seed = self._command_trial
        self._take(of_command(ended, number, seed, self._command_began))
        self._spend()
        left = None if job.deadline is None else job.deadline - (time.monotonic() - self._began)
        if ended.stopped or (left is not None and left <= 0):
            self.course.stop("its deadline is reached")
            return None
        following = self._next_job(job)
        return replace(following, deadline=left) if following else None

    def _next_job(self, job: Job) -> Job | None:
        order = self.course.order(COMMAND)
        self._command_trial = order.run[0] if order.run else None
        if self._command_trial is None:
            return None
        self._command_began = time.time()
        return replace(job, env={**job.env, **variables(Numbered(*self._command_trial), job.env)})

    # --- when it is over

    def close(self) -> None:
        """Close the channel. Raises OSError."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def result(self) -> CheckTrials | None:
        """What all trials say; keeps what is undecided for a later run. None when no test is judged by trials."""
        self._spend()
        course, run = self.course, self._context.folder.run_id
        file = ""
        try:
            file = self._kept.write(run, course.series.values())
            add_to_run(self._context.folder, course.series.values(), self._kept.code)
        except OSError as error:
            said = f"{self.check.name}: its trials cannot be kept for a later run: {error.filename}: {error.strerror}"
            self._journal.write("problem", message=said)
        course.problem = course.problem or self._kept.problem
        return course.result(file)

    def failures(self) -> tuple[Failure, ...]:
        """The last failed trial of each test that is not READY."""
        found = ((one, one.last_failed()) for one in self.course.series.values() if one.verdict != "READY")
        return tuple(
            Failure(
                one.test or "(the command)",
                trial.phase or "call",
                "failure" if one.verdict == NOT_READY else "error",
                f"{trial.message}\n(trial {trial.number}, seed {trial.seed}; "
                f"{one.evidence.passes} of {one.evidence.trials} trials passed)",
                trial.where,
                details=trial.details,
            )
            for one, trial in found
            if trial is not None and one.verdict in (NOT_READY, "ERROR")
        )


def first_seed(environ: Mapping[str, str], used: set[int]) -> int:
    """Seeds count on from here: from READINESS_SEED where it is set, else from anywhere; never one that was used."""
    given = environ.get("READINESS_SEED", "")
    start = int(given) if given.isdecimal() else int.from_bytes(os.urandom(3), "big")
    return max([start, *used])


def of_command(ended: Ended, number: int, seed: int, began: float) -> Told:
    code = ended.exit_code
    outcome = "passed" if code == 0 and not ended.stopped else "failed"
    if code is None or code in NOT_FOUND:
        outcome = "error"
    said = ended.start_error or (ended.last_output.strip().splitlines() or [""])[-1]
    how = "still running at its deadline" if ended.stopped else f"exit code {code}"
    return Told(
        COMMAND,
        number,
        seed,
        outcome,
        began,
        time.time(),
        seconds=ended.seconds,
        phase="command",
        message="" if outcome == "passed" else f"{how}: {said}",
        details=ended.last_output if outcome != "passed" else "",
    )

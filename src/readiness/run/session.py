"""A whole run as the list of its steps: prepare, put the plan on record, conduct, fold."""

from __future__ import annotations

import os
import sys

from readiness import __version__
from readiness.gate.fold import UNFINISHED, JournalError, fold
from readiness.gate.settings import UsageError
from readiness.record.outcome import Outcome
from readiness.record.record import JOURNAL_FORMAT, Header
from readiness.record.redact import Redactor, secret_values
from readiness.record.value import as_json, replace, value
from readiness.run import artifacts, interpreter, journal
from readiness.run.conductor import Conductor
from readiness.run.context import Context, shims_folder
from readiness.run.inputs import Inputs
from readiness.run.journal import Journal, JournalWriteError
from readiness.run.observe import not_started, now, said
from readiness.run.provenance import provenance
from readiness.run.removal import remove_tree

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from readiness.config.model import Config
    from readiness.gate.plan import Plan
    from readiness.gate.settings import Settings
    from readiness.record.record import Record
    from readiness.record.result import CheckResult, LintFinding
    from readiness.run.artifacts import RunFolder
    from readiness.run.listener import Listener

    Mend = Callable[[Context, Sequence[CheckResult], Listener], Iterator[tuple[str, Mapping[str, Any]]]]
    """Makes patches for checks that failed: of each its name, and for each test what `check_patched` says of it."""


@value
class Options:
    """How to run, apart from what to run. `slots` of 0 means one for each core."""

    argv: tuple[str, ...]
    slots: int = 0
    grace: float = 2.0
    use_cache: bool = True
    record: bool = False


@value
class Prepared:
    """Everything decided before the first process starts. `known` maps a check to (runs pytest, why toothless)."""

    root: str
    config: Config
    settings: Settings
    plan: Plan
    lint: tuple[LintFinding, ...]
    lanes_before: Mapping[str, Mapping[str, object]]
    known: Mapping[str, tuple[bool, str]]


def run(
    prepared: Prepared,
    options: Options,
    environ: Mapping[str, str],
    listener: Listener,
    mend: Mend | None = None,
) -> tuple[Record, RunFolder]:
    """Run a plan from its beginning. Raises UsageError when nothing can be run or nothing could be recorded."""
    interpreters = _interpreters(prepared, environ)
    folder = artifacts.create(prepared.root)
    header = Redactor(secret_values(environ)).value(_header(prepared, options, environ, folder, interpreters))
    with _journal(folder, 0.0) as log:
        _write_start(prepared, header, folder, log)
        if prepared.settings.strict and any(one.severity == "error" for one in prepared.lint):
            _stop_for_lint(prepared, log)
        else:
            _conduct(prepared, options, environ, folder, interpreters, log, listener, mend)
        return fold(log.events), folder


def resume(
    prepared: Prepared,
    options: Options,
    environ: Mapping[str, str],
    listener: Listener,
    folder: RunFolder,
    mend: Mend | None = None,
) -> tuple[Record, RunFolder]:
    """Run what has no outcome yet in an interrupted run. Raises UsageError when the code or plan has changed since."""
    before = journal.read(folder.journal)
    record = _fold(folder, before)
    _same_run(record, prepared, environ)
    interpreters = _interpreters(prepared, environ)
    with _journal(folder, record.seconds) as log:
        log.events.extend(before)
        _first(log, "run_resumed", at_time=now(), argv=list(options.argv))
        _conduct(prepared, options, environ, folder, interpreters, log, listener, mend)
        return fold(log.events), folder


def rebuild(folder: RunFolder) -> Record:
    """The record of any run, from its journal alone. Raises JournalError when that cannot be read."""
    return _fold(folder, journal.read(folder.journal))


def add_problem(record: Record, folder: RunFolder, problem: str) -> Record:
    """The record of a run that has ended, with what the gate could not do after that; put on record where possible."""
    try:
        with Journal(folder.journal, offset=record.seconds) as log:
            log.write("problem", message=problem)
        return rebuild(folder)
    except (JournalWriteError, JournalError):
        return replace(record, problems=(*record.problems, problem))


def _fold(folder: RunFolder, events: list[dict[str, Any]]) -> Record:
    try:
        return fold(events)
    except JournalError as error:
        raise JournalError(f"{folder.journal}: {error}") from error


def _first(log: Journal, event: str, **facts: Any) -> None:
    """Write an event without which nothing may be run. Raises UsageError when it cannot be put on record."""
    try:
        log.write(event, **facts)
    except JournalWriteError as error:
        raise UsageError(f"{error}; the run's record cannot be kept, so nothing was run") from error


def _write_start(prepared: Prepared, header: Header, folder: RunFolder, log: Journal) -> None:
    _first(
        log,
        "run_started",
        format=JOURNAL_FORMAT,
        header=header.to_json(),
        lint=[as_json(one) for one in prepared.lint],
        lanes_before=prepared.lanes_before,
    )
    try:
        artifacts.point_latest(folder)
    except OSError as error:
        latest = folder.relative(error.filename)
        _tell(log, f"{latest}: {error.strerror}; it does not lead to this run, {folder.run_id}")


def _tell(log: Journal, problem: str) -> None:
    """Put on record what the gate itself could not do, at least in this run's own reports."""
    try:
        log.write("problem", message=problem)
    except JournalWriteError:
        log.events.append({"event": "problem", "message": problem})


def _conduct(
    prepared: Prepared,
    options: Options,
    environ: Mapping[str, str],
    folder: RunFolder,
    interpreters: Mapping[str | None, interpreter.Interpreter],
    log: Journal,
    listener: Listener,
    mend: Mend | None,
) -> None:
    done = {one.name: one.outcome for one in fold(log.events).checks if one.outcome not in UNFINISHED}
    _make_shims(interpreters, prepared.root)
    context = Context(
        root=prepared.root,
        config=prepared.config,
        settings=prepared.settings,
        folder=folder,
        environ=environ,
        interpreters=interpreters,
        secrets=secret_values(environ),
        scratch=_scratch(folder, environ),
        slots=options.slots or _cores(),
        grace=options.grace,
        use_cache=options.use_cache,
        record=options.record,
    )
    interrupted = ""
    try:
        conductor = Conductor(context, log, listener, Inputs(prepared.root, environ), prepared.known)
        interrupted = conductor.conduct(prepared.plan.items, done)
        if mend and not interrupted:
            interrupted = _mend(mend, context, log, listener)
        log.write("run_finished", finished_at=now(), interrupted=interrupted)
    except JournalWriteError as error:
        # Nothing more can be put on record, so the run is told as far as it got.
        log.events.append(
            {
                "event": "run_finished",
                "finished_at": now(),
                "interrupted": f"the journal could not be written: {error}",
            }
        )
    except Exception as error:
        log.write(
            "run_finished", finished_at=now(), interrupted=f"internal error: {type(error).__name__}: {error}"
        )
        raise
    finally:
        _tidy(context.scratch, log)


def _mend(mend: Mend, context: Context, log: Journal, listener: Listener) -> str:
    """Put patches for what tracing found on record; what interrupted that, or an empty string."""
    checks = [one for one in fold(log.events).checks if one.outcome is Outcome.FAILED and one.findings]
    if not checks:
        return ""
    from readiness.run.rerun import Interrupted

    try:
        for name, patches in mend(context, checks, listener):
            log.write("check_patched", name=name, patches=patches)
    except Interrupted as signal:
        return str(signal)
    except OSError as error:
        _tell(log, f"patches could not be tried: {said(error)}")
    return ""


def _tidy(scratch: str, log: Journal) -> None:
    try:
        remove_tree(scratch)
    except OSError as error:
        _tell(log, f"{error.filename}: {error.strerror}; what checks left in this folder is still there")


def _make_shims(interpreters: Mapping[str | None, interpreter.Interpreter], root: str) -> None:
    try:
        for one in interpreters.values():
            interpreter.make_shims(one, shims_folder(root, one))
    except OSError as error:
        raise UsageError(
            f"{error.filename}: {error.strerror}; `python` cannot be put first on PATH, so nothing was run"
        ) from error


def _stop_for_lint(prepared: Prepared, log: Journal) -> None:
    """A strict gate does not spend an hour on a configuration that is known to lie."""
    for item in prepared.plan.items:
        result = not_started(item, Outcome.NOT_RUN, "lint found errors, which stop a strict run")
        _first(log, "check_finished", result=as_json(result))
    _first(log, "run_finished", finished_at=now(), interrupted="")


def _header(
    prepared: Prepared,
    options: Options,
    environ: Mapping[str, str],
    folder: RunFolder,
    interpreters: Mapping[str | None, interpreter.Interpreter],
) -> Header:
    default = interpreters[None]
    return Header(
        run_id=folder.run_id,
        started_at=now(),
        argv=options.argv,
        gate=prepared.settings.gate,
        lanes=prepared.settings.lanes,
        strict=prepared.settings.strict,
        expect=prepared.settings.expect,
        fail_on_skip=prepared.settings.fail_on_skip,
        timeouts=prepared.settings.timeouts,
        config_path=prepared.config.path,
        config_sha256=prepared.config.sha256,
        readiness_version=__version__,
        provenance=provenance(prepared.root, environ),
        switches=prepared.settings.switches,
        planned=tuple(item.planned() for item in prepared.plan.items),
        left_out=prepared.plan.left_out,
        interpreter=default.path,
        interpreter_version=default.version,
        packages=default.packages,
        host=os.uname().nodename,
        platform=f"{sys.platform} {os.uname().machine} {os.uname().release}",
    )


def _same_run(record: Record, prepared: Prepared, environ: Mapping[str, str]) -> None:
    header = record.header
    run = f"run {header.run_id}"
    if not record.interrupted:
        raise UsageError(f"{run} was not interrupted: there is nothing to resume; start a new one")
    if header.config_sha256 != prepared.config.sha256:
        raise UsageError(f"{run} cannot be resumed: {header.config_path} has changed since; start a new one")
    code = provenance(prepared.root, environ)
    if (code.commit, code.dirty_digest) != (header.provenance.commit, header.provenance.dirty_digest):
        raise UsageError(f"{run} cannot be resumed: the code has changed since; start a new one")


def _interpreters(
    prepared: Prepared, environ: Mapping[str, str]
) -> dict[str | None, interpreter.Interpreter]:
    root, config = prepared.root, prepared.config
    known: dict[str | None, interpreter.Interpreter] = {
        None: interpreter.resolve(root, config.python, environ, f"{config.path}: defaults")
    }
    for item in prepared.plan.items:
        check = item.check
        if check.python == config.python:
            known[check.python] = known[None]
        elif check.python not in known:
            known[check.python] = interpreter.resolve(root, check.python, environ, str(check.place))
    return known


def _journal(folder: RunFolder, offset: float) -> Journal:
    try:
        return Journal(folder.journal, offset=offset)
    except JournalWriteError as error:
        raise UsageError(str(error)) from error


def _scratch(folder: RunFolder, environ: Mapping[str, str]) -> str:
    path = os.path.join(environ.get("TMPDIR") or "/tmp", f"readiness-{folder.run_id}-{os.getpid()}")
    try:
        os.mkdir(path, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"{path}: {error.strerror}; checks need a temporary folder, set TMPDIR to one"
        ) from error
    return path


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

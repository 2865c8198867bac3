"""Brings a history up to date with the runs that lie in the project's folder, whoever ran them and however they ended.

A run's journal is its truth: from it a killed run is known as far as it got, and one that was resumed as it ended. What
is in the history already is left alone, so that this may be done at any time, by several processes at once.
"""

from __future__ import annotations

import fcntl
import os

from readiness.gate.fold import JournalError, fold
from readiness.run import journal
from readiness.run.artifacts import FOLDER, RunFolder, forget, make_base, old_runs
from readiness.run.observe import said
from readiness.run.test_results import read_tests
from readiness.store.adding import add_run
from readiness.store.address import PATH, VARIABLE, Address, HistoryError, address_of
from readiness.store.opening import open_history
from readiness.store.past_run import past_run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from readiness.record.record import Record
    from readiness.store.database import Database
    from readiness.store.past_run import TestRun


def chosen(root: str, environ: Mapping[str, str], given: str = "") -> Address:
    """Where the history of a project is: as given, else by READINESS_HISTORY, else in the project's folder."""
    return address_of(given or environ.get(VARIABLE, ""), root)


def open_chosen(root: str, environ: Mapping[str, str], given: str = "") -> Database:
    """The history of a project, opened; the caller closes it. Raises HistoryError."""
    address = chosen(root, environ, given)
    try:
        if address.place == os.path.join(root, PATH):
            make_base(root)
    except OSError as error:
        raise HistoryError(f"{said(error)}; the history cannot be kept") from error
    return open_history(address)


def up_to_date(root: str, environ: Mapping[str, str]) -> Database:
    """The project's history with every run in it that has ended so far. The caller closes it.

    A run that cannot be read is left out; `readiness history` says so. Raises HistoryError.
    """
    database = open_chosen(root, environ)
    try:
        take_in(root, database)
    except BaseException:
        database.close()
        raise
    return database


def keep_run(folder: RunFolder, environ: Mapping[str, str]) -> str:
    """After a run: take it in at once where READINESS_HISTORY names a place, and every old run before it is forgotten.

    Until then the run's folder has all that the history will have. Empty, or why the history could not be written; then
    nothing is forgotten.
    """
    old = old_runs(folder.root)
    if not (old or environ.get(VARIABLE)):
        return ""
    try:
        up_to_date(folder.root, environ).close()
    except HistoryError as error:
        return f"this run is not in the history yet: {error}"
    except OSError as error:
        return f"this run is not in the history yet: {said(error)}"
    forget(folder.root, old)
    return ""


def take_in(root: str, database: Database) -> tuple[str, ...]:
    """Add every run of the project's folder that has ended and is not yet in the history.

    Returns one sentence for each run that cannot be read. Raises HistoryError when the history cannot be written.
    """
    return tuple(filter(None, (_take_in(folder, stamp, database) for folder, stamp in _new(root, database))))


def _new(root: str, database: Database) -> Iterator[tuple[RunFolder, str]]:
    """Runs whose journal is not as it was when it was read last, with how it is now."""
    runs = os.path.join(root, FOLDER, "runs")
    names = sorted(os.listdir(runs)) if os.path.isdir(runs) else []
    if not names:
        return
    marks = ", ".join("?" * len(names))
    known: dict[str, str] = dict(database.rows(f"SELECT id, stamp FROM runs WHERE id IN ({marks})", names))
    for name in names:
        folder = RunFolder(root, name)
        stamp = _stamp(folder.journal)
        if stamp and stamp != known.get(name):
            yield folder, stamp


def _stamp(path: str) -> str:
    """Tells one state of a journal from another; empty where there is none, or while a gate writes it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        size = os.fstat(descriptor).st_size
    except OSError:
        return ""
    finally:
        os.close(descriptor)
    return str(size) if size else ""


def _take_in(folder: RunFolder, stamp: str, database: Database) -> str:
    """Empty, or why this run cannot be read."""
    try:
        events = journal.read(folder.journal)
        record = fold(events)
        tests = _tests(folder, record)
    except JournalError as error:
        return f"run {folder.run_id} is not in the history: {error}"
    except (OSError, ValueError) as error:
        return f"run {folder.run_id} is not in the history: {said(error)}"
    add_run(database, past_run(record, len(events), stamp, tests))
    return ""


def _tests(folder: RunFolder, record: Record) -> dict[str, tuple[TestRun, ...]]:
    return {one.name: read_tests(folder, one.name) for one in record.checks if not one.cached_from}

"""The edge: the change since the project was last READY, as git has it, and the files that git knows."""

from __future__ import annotations

import os

from readiness.record.outcome import Verdict
from readiness.report.json_report import from_json
from readiness.review.bundle.compose import Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Final

    from readiness.record.record import Record
    from readiness.review.git import Git
    from readiness.review.sources import Sources

LARGEST: Final = 4_000_000
"""Bytes of a diff that are read."""
NO_COMMIT: Final = "The run knew no commit, so there is nothing to compare with."


def read_change(root: str, record: Record, sources: Sources, git: Git, environ: Mapping[str, str]) -> Change:
    """The diff from the last READY commit of the same gate; where there is none, from the last at which a check passed
    that now does not. Of a run whose files are still there, with what was not committed."""
    now = record.header.provenance
    if not now.commit:
        return Change(NO_COMMIT)
    since, why = _since(root, record, sources, git, environ)
    if not since:
        return Change(
            f"No run of gate {record.header.gate} is on record that was READY, so there is no change to show."
        )
    to = () if not sources.changed else (now.commit,)
    words = ("diff", "--no-color", "--no-ext-diff", "--no-textconv", "--relative", "-M", since, *to)
    said = git.ask(*words)
    if said is None:
        return Change(f"{why}; git could not compare it with what ran.")
    untracked = "; files that git does not track are not in it" if now.dirty_files else ""
    cut = f"; cut after {LARGEST} bytes" if len(said) > LARGEST else ""
    return Change(f"{why}{untracked}{cut}.", tuple(_by_file(said[:LARGEST].decode("utf-8", "replace"))))


def tracked_files(git: Git) -> tuple[str, ...]:
    said = git.ask("ls-files", "-z")
    return tuple(one.decode("utf-8", "replace") for one in said.split(b"\0") if one) if said else ()


def _since(
    root: str, record: Record, sources: Sources, git: Git, environ: Mapping[str, str]
) -> tuple[str, str]:
    """The commit to compare with, and which one that is in words."""
    for run, commit in _ready(root, record, environ):
        if git.has(commit):
            return commit, f"Since commit {commit[:12]}, which was READY in run {run}"
    passes = sorted((sources.last_pass or {}).items())
    for (check, _), known in sorted(passes, key=lambda one: one[1].run_id, reverse=True):
        if git.has(known.commit):
            return (
                known.commit,
                f"Since commit {known.commit[:12]}, at which {check} last passed, in run {known.run_id}",
            )
    return "", ""


def _ready(root: str, record: Record, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Run and commit of each earlier READY run of this gate, the newest first."""
    runs = os.path.join(root, ".readiness", "runs")
    for name in sorted((one for one in os.listdir(runs) if one < record.header.run_id), reverse=True):
        try:
            with open(os.path.join(runs, name, "report.json"), encoding="utf-8") as file:
                earlier = from_json(file.read())
        except (OSError, ValueError):
            continue
        if earlier.verdict is Verdict.READY and earlier.header.gate == record.header.gate:
            yield name, earlier.header.provenance.commit
    yield from _in_history(root, record, environ)


def _in_history(root: str, record: Record, environ: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    from readiness.run.past_runs import chosen
    from readiness.store.address import HistoryError
    from readiness.store.last_pass import ready_runs
    from readiness.store.opening import open_history

    try:
        address = chosen(root, environ)
        if address.is_file and not os.path.exists(address.place):
            return ()
        database = open_history(address)
        try:
            return ready_runs(database, record.header)
        finally:
            database.close()
    except HistoryError:
        # The findings say that the history could not be asked.
        return ()


def _by_file(diff: str) -> Iterator[tuple[str, str]]:
    pieces = ("\n" + diff).split("\ndiff --git ")[1:]
    for piece in pieces:
        path = piece.partition("\n")[0].rpartition(" b/")[2]
        yield path, f"diff --git {piece}"

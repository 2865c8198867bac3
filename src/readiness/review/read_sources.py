"""The edge: reads what the findings cite, as it was when the run saw it where that can be had."""

from __future__ import annotations

import hashlib
import os
import time

from readiness.config.fault import ConfigError
from readiness.config.lint.ci_files import gate_runs
from readiness.config.lint.reach import ci_files
from readiness.config.lint.subject import Subject, at
from readiness.config.load import load
from readiness.record.outcome import LANES
from readiness.record.value import replace, value
from readiness.report.json_report import to_json
from readiness.review.git import Git, decoded, read_file
from readiness.review.places import split_place
from readiness.review.read_earlier import last_passes
from readiness.review.sources import CiRun, SourceFile, Sources
from readiness.run import journal
from readiness.run.own_modules import own_modules
from readiness.run.provenance import provenance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Final

    from readiness.config.lint.ci_files import GateRun
    from readiness.config.model import Check, Config
    from readiness.record.record import Record
    from readiness.run.artifacts import RunFolder

LARGEST_FILE: Final = 2_000_000
LARGEST_LOG: Final = 8_000_000


@value
class Project:
    """What the configuration and the CI files say now; nothing of it when the configuration cannot be read."""

    ci_files: tuple[str, ...] = ()
    ci_runs: tuple[CiRun, ...] = ()
    lanes: tuple[tuple[str, tuple[str, str]], ...] = ()
    isolate: tuple[tuple[str, str], ...] = ()
    isolation: tuple[tuple[str, str], ...] = ()
    run_places: tuple[tuple[str, str], ...] = ()
    fault: str = ""


def read_sources(root: str, folder: RunFolder, record: Record, environ: Mapping[str, str]) -> Sources:
    """Everything that the findings of a run rest on. Raises JournalError when its journal cannot be read."""
    git = Git(root, environ)
    project = _project(root, record)
    passes, problems = last_passes(root, record, git, environ)
    here = Sources(
        folder=folder.relative(folder.path),
        journal=_positions(journal.read(folder.journal)),
        report=tuple(to_json(record).splitlines()),
        logs=_logs(root, record),
        ci_files=project.ci_files,
        ci_runs=project.ci_runs,
        lanes=dict(project.lanes),
        isolate=dict(project.isolate),
        isolation=dict(project.isolation),
        run_places=dict(project.run_places),
        config_fault=project.fault,
        last_pass=passes,
        history_fault="; ".join(problems),
        own_modules=own_modules(root),
        changed=_changed(root, record, environ),
    )
    blobs = {split_place(one.where)[0]: one.blob for check in record.checks for one in check.failures}
    reader = _Reader(root, git, record, blobs, same=not here.changed)
    files = {path: file for path in dict.fromkeys(map(_path, _places(record))) if (file := reader.read(path))}
    now = {path: file for path in _of_the_project(here) if (file := reader.read_now(path))}
    dated = [place for run in here.ci_runs for place in (run.where, run.through, run.gate)]
    dated += [place for _, place in here.lanes.values()]
    blame = {place: found for place in dict.fromkeys(dated) if place and (found := git.blame(place))}
    return replace(here, files=files, now=now, blame=blame)


def _positions(events: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], int]:
    """The line of each event by its kind and whom it is about; the last one where there are several."""
    found: dict[tuple[str, str], int] = {}
    for line, event in enumerate(events, 1):
        about = event.get("name") or event.get("result", event.get("service", {})).get("name", "")
        found[(str(event.get("event")), str(about))] = line
    return found


def _logs(root: str, record: Record) -> dict[str, tuple[str, ...]]:
    paths = [*(one.log for one in record.checks), *(one.log for one in record.services)]
    return {path: decoded(data) for path in paths if path and (data := read_file(root, path, LARGEST_LOG))}


def _changed(root: str, record: Record, environ: Mapping[str, str]) -> str:
    ran = record.header.provenance
    if not ran.commit:
        return "the run knew no commit, so it cannot be shown that the files are those that ran"
    now = provenance(root, environ)
    if (now.commit, now.dirty_digest) != (ran.commit, ran.dirty_digest):
        return f"the files have changed since the run, which saw commit {ran.commit[:12]}"
    return ""


class _Reader:
    """Reads files as the run saw them: from the tree while it is the same, else by their blob, else by the commit."""

    def __init__(self, root: str, git: Git, record: Record, blobs: Mapping[str, str], *, same: bool) -> None:
        ran = record.header.provenance
        self._root = root
        self._git = git
        self._began = record.header.started_at
        # What was changed and not committed, nobody has kept.
        self._commit = "" if ran.dirty_digest else ran.commit
        self._blobs = blobs
        self._same = same

    def read(self, path: str) -> SourceFile | None:
        """None where it is not known what the run saw."""
        now, wanted = self.read_now(path), self._blobs.get(path, "")
        if now and (self._same or wanted == now.blob):
            return now
        if self._same:
            return None
        before = self._git.blob(wanted) if wanted else self._git.file_at(self._commit, path)
        if before is None:
            return now if now and not wanted and self._is_older(path) else None
        hash_ = _blob_hash(before)
        return SourceFile(decoded(before), hash_, gone=not now or hash_ != now.blob)

    def read_now(self, path: str) -> SourceFile | None:
        data = read_file(self._root, path, LARGEST_FILE)
        return None if data is None else SourceFile(decoded(data), _blob_hash(data))

    def _is_older(self, path: str) -> bool:
        """Whether the file was last written before the run began."""
        written = time.gmtime(os.path.getmtime(os.path.join(self._root, path)))
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", written) < self._began


def _blob_hash(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _of_the_project(here: Sources) -> Iterator[str]:
    """The files that say what CI reaches, each once."""
    places = [place for run in here.ci_runs for place in (run.where, run.through, run.gate)]
    places += [*here.ci_files, *(place for _, place in here.lanes.values())]
    yield from dict.fromkeys(_path(place) for place in places if place)


def _path(place: str) -> str:
    return split_place(place)[0]


def _places(record: Record) -> Iterator[str]:
    yield record.header.config_path
    yield from (one.where for one in record.lint)
    for check in record.checks:
        yield check.place
        for failure in check.failures:
            yield from (failure.where, failure.test.partition("::")[0])
        yield from (one.where for one in check.left_over)
        for finding in check.findings:
            yield finding.test.partition("::")[0]
            for cause in finding.causes:
                yield from (cause.where, cause.polluter.partition("::")[0])


def _project(root: str, record: Record) -> Project:
    path = record.header.config_path
    try:
        config = load(os.path.join(root, path), path)
    except ConfigError as error:
        return Project(fault=str(error).partition("\n")[0])
    subject = Subject(config, root)
    files = ci_files(root)
    first = {check.lane: check for check in reversed(config.checks)}
    return Project(
        ci_files=tuple(file.path for file in files),
        ci_runs=tuple(_ci_run(run, config) for run in gate_runs(files, subject.reader, config))
        if files
        else (),
        lanes=tuple((lane, (first[lane].name, at(first[lane].place))) for lane in LANES if lane in first),
        isolate=tuple(_isolate(subject)),
        isolation=tuple((check.name, _isolation(check)) for check in config.checks),
        run_places=tuple((check.name, at(check.run_place)) for check in config.checks),
    )


def _isolation(check: Check) -> str:
    """Leaks are traced in lane core alone."""
    return check.isolation if check.lane == "core" else "off"


def _ci_run(run: GateRun, config: Config) -> CiRun:
    gate = config.gate(run.gates[0]) if len(run.gates) == 1 else None
    through = run.through if run.through != run.where else ""
    lanes = tuple(lane for lane in LANES if lane in run.lanes)
    return CiRun(run.where, run.gate, lanes, through, at(gate.place) if gate else "")


def _isolate(subject: Subject) -> Iterator[tuple[str, str]]:
    """The arguments of a check's pytest, for `readiness isolate`; nothing for one that runs several, or elsewhere."""
    import shlex

    for reading in subject.readings:
        calls = [call for call in reading.trace.calls if call.words[:1] == ("pytest",)]
        if len(calls) == 1 and calls[0].cwd == ".":
            yield reading.check.name, shlex.join(calls[0].words[1:])

"""What the findings are written from, beside the record: files, journal lines, CI, git and earlier runs. Values only."""

from __future__ import annotations

import json
from functools import cached_property

from readiness.record.value import EMPTY, value
from readiness.review.document import CODE, COMMIT, LOG, RECORD, RUN, Evidence
from readiness.review.places import around, function_around, shortened, split_place, test_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.gate.cause_class import LastPass


HELD: Final = 2000
"""Characters of a line of the record that are held against it."""


@value
class SourceFile:
    """A file as it was when the run saw it, where that can be known. `gone`: read from git, no longer in the tree."""

    lines: tuple[str, ...]
    blob: str = ""
    gone: bool = False


@value
class CiRun:
    """A line of a CI file that runs the gate. `through` is the line that a make target or script runs it from, where
    that is another; `what` is what it runs, `gate` that gate's place in the configuration."""

    where: str
    what: str
    lanes: tuple[str, ...]
    through: str = ""
    gate: str = ""


@value
class Committed:
    """The commit that a line came with: its hash, its day (ISO 8601, UTC) and its time in seconds."""

    commit: str
    day: str
    epoch: int


@value
class Sources:
    """`journal` has the line of each event by kind and name, `report` the lines of report.json. `files` and `logs` are
    by path from the root, `blame` by place. `isolate` has the pytest arguments of a check, `strict` the checks with
    `isolation: strict`, `traced` those that trace at all."""

    folder: str
    """The run's folder, from the root."""
    journal: Mapping[tuple[str, str], int]
    report: tuple[str, ...] = ()
    files: Mapping[str, SourceFile] = EMPTY
    now: Mapping[str, SourceFile] = EMPTY
    """The configuration and the CI files as they stand now, which is what `ci_runs` and `lanes` speak of."""
    logs: Mapping[str, tuple[str, ...]] = EMPTY
    ci_files: tuple[str, ...] = ()
    ci_runs: tuple[CiRun, ...] = ()
    lanes: Mapping[str, tuple[str, str]] = EMPTY
    """Of each lane that the configuration fills: the first check in it and that check's place."""
    blame: Mapping[str, Committed] = EMPTY
    isolate: Mapping[str, str] = EMPTY
    isolation: Mapping[str, str] = EMPTY
    """How each check looks for leaks: `off`, `trace`, `strict`."""
    run_places: Mapping[str, str] = EMPTY
    """Where the command of each check stands."""
    last_pass: Mapping[tuple[str, str], LastPass] | None = None
    """Of each check that did not pass, and of each test of it that failed: the last run in which it did."""
    history_fault: str = ""
    """Why the history could not be asked; empty when it could, or when there is none."""
    own_modules: frozenset[str] = frozenset()
    """Names that the project's own code can be imported by."""
    changed: str = ""
    """Why the files are not known to be those that ran; empty when they are."""
    config_fault: str = ""
    """Why the configuration cannot be read any more; empty when it can."""

    def earlier(self, check: str, test: str) -> LastPass | None:
        """When a test last passed; where that is not known, when its check did."""
        known = self.last_pass or {}
        return known.get((check, test)) or known.get((check, ""))

    def event(self, kind: str, name: str, holds: str = "") -> Evidence | None:
        """The line of the journal that tells of something; `holds` is a piece of it."""
        line = self.journal.get((kind, name))
        return self._record("journal.jsonl", line, holds or f'"event": "{kind}"') if line else None

    def reported(self, key: str) -> Evidence | None:
        """The lines of report.json that hold what stands under a key: one, or one for each item of a list."""
        start = f'"{key}": '
        first = next((number for number, text in enumerate(self.report, 1) if text.startswith(start)), 0)
        if not first:
            return None
        last = first
        while self.report[first - 1] == f"{start}[" and not self.report[last - 1].startswith("]"):
            last += 1
        held = self.report[first - 1] if first == last else self.report[first]
        return Evidence(RECORD, f"{self.folder}/report.json", first, last, held[:HELD])

    def told(self, check: str, holds: str = "", *, quoted: str = "") -> Evidence | None:
        """Where the result of a check stands as it was written when it ended; of one that never ended, as judged.

        `holds` is a piece of that line, `quoted` a text that stands there as JSON.
        """
        piece = json.dumps(quoted) if quoted else holds
        return self.event("check_finished", check, piece) or self.check(check)

    def started(self, holds: str = "") -> Evidence | None:
        """Where it stands what the run was asked for, and on which code."""
        return self.event("run_started", "", holds) or self.reported("run")

    def check(self, name: str) -> Evidence | None:
        """The line of report.json that holds a check as it was judged."""
        line = self._lines_of_checks.get(name)
        return self._record("report.json", line, f'"name": {json.dumps(name)}') if line else None

    @cached_property
    def _lines_of_checks(self) -> dict[str, int]:
        """The first line of report.json for each check: each check has a line of its own there."""
        found: dict[str, int] = {}
        for number, text in enumerate(self.report, 1):
            if '"ran_against": ' in text and text.startswith("{"):
                found.setdefault(str(json.loads(text.rstrip(","))["name"]), number)
        return found

    def _record(self, file: str, line: int, text: str) -> Evidence:
        return Evidence(RECORD, f"{self.folder}/{file}", line, line, text)

    def log(self, path: str, piece: str) -> Evidence | None:
        """The first line of a log that holds the piece."""
        lines = self.logs.get(path, ())
        line = next((number for number, text in enumerate(lines, 1) if piece in text), 0) if piece else 0
        return Evidence(LOG, path, line, line, piece) if line else None

    def log_end(self, path: str, most: int = 12) -> Evidence | None:
        """The last lines of a log."""
        lines = self.logs.get(path, ())
        if not lines:
            return None
        first = max(1, len(lines) - most + 1)
        return Evidence(LOG, path, first, len(lines), "\n".join(lines[first - 1 :]))

    def line(self, place: str) -> Evidence | None:
        """The one line that a place names; None when its file is not there."""
        return self.lines(place, 0, 0)

    def line_now(self, place: str) -> Evidence | None:
        """The one line that a place names, as it stands now."""
        return _lines_of(self.now, place, 0, 0)

    def lines(self, place: str, before: int = 2, after: int = 2) -> Evidence | None:
        return _lines_of(self.files, place, before, after)

    def whole(self, path: str) -> Evidence | None:
        """All of a file, as it stands now."""
        file = self.now.get(path)
        return _code(path, file, (1, len(file.lines))) if file and file.lines else None

    def function(self, place: str) -> Evidence | None:
        """The function that a place lies in, or the lines beside it."""
        path, line = split_place(place)
        file = self.files.get(path)
        if file is None or not 1 <= line <= len(file.lines):
            return None
        span = function_around("\n".join(file.lines), line) if path.endswith(".py") else None
        return _code(path, file, shortened(span, line)) if span else self.lines(place)

    def test(self, test: str) -> Evidence | None:
        """The lines of a test, by its id."""
        path, _, inner = test.partition("::")
        file = self.files.get(path)
        span = test_in("\n".join(file.lines), inner) if file and inner else None
        return _code(path, file, shortened(span, span[0])) if file and span else None


def _lines_of(files: Mapping[str, SourceFile], place: str, before: int, after: int) -> Evidence | None:
    path, line = split_place(place)
    file = files.get(path)
    if file is None or not 1 <= line <= len(file.lines):
        return None
    return _code(path, file, around(line, len(file.lines), before, after))


def _code(path: str, file: SourceFile, span: tuple[int, int]) -> Evidence:
    first, last = span
    return Evidence(CODE, path, first, last, "\n".join(file.lines[first - 1 : last]), file.blob, file.gone)


def commit(hash_: str) -> Evidence:
    return Evidence(COMMIT, hash_)


def earlier_run(run_id: str) -> Evidence:
    return Evidence(RUN, f".readiness/runs/{run_id}/journal.jsonl", 1, 1, run_id)

"""Reads JUnit files of other systems: pytest, Maven Surefire, GoogleTest, and what follows the Jenkins schema.

A file from outside is hostile until read. Expat is asked itself, event by event: a document type is refused when it
begins, and without one there are no entities, so nothing can be expanded or fetched. No JUnit file has one. (`defusedxml`
would do the same with a dependency, and build a tree besides.)
"""

from __future__ import annotations

import hashlib
import math
import os
import re
from datetime import UTC, datetime
from xml.parsers import expat

from readiness.record.value import value
from readiness.store.address import HistoryError
from readiness.store.past_run import LONGEST, TestRun

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Final

    Ended = tuple[str, str, str]
    """The name of an element in a test case, its type, and what it said."""

MOST_BYTES: Final = 1 << 28
DEEPEST: Final = 64
PIECE: Final = 1 << 16
FAILED: Final = {"failure": "failed", "error": "error"}
REPEATED: Final = frozenset({"flakyFailure", "flakyError", "rerunFailure", "rerunError"})
"""Surefire's words for failures of a test that was run again: it passed then, or never did."""
DID_NOT_RUN: Final = frozenset({"notrun", "suppressed", "skipped", "disabled"})
"""GoogleTest's `status` and `result` of a test that was disabled, filtered out or skipped."""
WORST_FIRST: Final = ("error", "failed", "flaky", "passed", "xfailed", "skipped")


@value
class JunitFile:
    """Each test of a file once, and when its first suite began (UTC, ISO 8601); empty where it does not say."""

    tests: tuple[TestRun, ...]
    at: str
    sha256: bytes = b""


def read_junit(path: str, shown: str) -> JunitFile:
    """Raises HistoryError for what is no JUnit file, or a hostile one; OSError for one that cannot be read."""
    reader, digest = _Reader(shown), hashlib.sha256()
    with open(path, "rb") as file:
        # Of a pipe the size is known when it has been read.
        size, read = os.fstat(file.fileno()).st_size, 0
        while max(size, read) <= MOST_BYTES and (piece := file.read(PIECE)):
            read += len(piece)
            digest.update(piece)
            reader.feed(piece, last=False)
        if max(size, read) > MOST_BYTES:
            raise HistoryError(f"{shown}: it is larger than {MOST_BYTES >> 20} MiB; split it")
        reader.feed(b"", last=True)
    if not reader.found:
        raise HistoryError(f"{shown}: it holds no test case; name a JUnit file of a run that ran tests")
    return JunitFile(tuple(merged(reader.found)), min(reader.times, default=""), digest.digest())


def time_of(text: str) -> str:
    """A time as history keeps it; one without a zone is taken as UTC. Empty for what is none."""
    try:
        found = datetime.fromisoformat(text.strip())
        moment = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year >= 1970 else ""


class _Reader:
    """Takes the events of the parser; `found` are test cases in their order, `times` those of the suites."""

    def __init__(self, shown: str) -> None:
        self.found: list[TestRun] = []
        self.times: list[str] = []
        self._shown = shown
        self._depth = 0
        self._case: Mapping[str, str] | None = None
        self._ended: list[Ended] = []
        self._text: list[str] | None = None
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, data: bytes, *, last: bool) -> None:
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            why = expat.errors.messages[error.code]
            raise HistoryError(f"{self._shown}:{error.lineno}: it is not XML: {why}") from error

    def _refuse(self, what: str) -> HistoryError:
        return HistoryError(f"{self._shown}:{self._parser.CurrentLineNumber}: {what}")

    def _doctype(self, *_: object) -> None:
        raise self._refuse("it declares a document type, which no JUnit file needs; entities are not read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name not in ("testsuites", "testsuite"):
            raise self._refuse(f"it is no JUnit file: it begins with <{name[:60]}>, not <testsuites>")
        if self._depth > DEEPEST:
            raise self._refuse(f"it nests deeper than {DEEPEST} levels; it is no JUnit file")
        if name == "testsuite" and (at := time_of(attributes.get("timestamp", ""))):
            self.times.append(at)
        elif name == "testcase":
            self._case, self._ended = attributes, []
        elif self._case is not None and (name in FAILED or name in REPEATED or name == "skipped"):
            self._ended.append((name, attributes.get("type", ""), attributes.get("message", "")[:LONGEST]))
            self._text = [] if not attributes.get("message") else None

    def _characters(self, text: str) -> None:
        if self._text is not None and len(self._text) < 40:
            self._text.append(text[:LONGEST])

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self._text is not None and (name in FAILED or name in REPEATED or name == "skipped"):
            lines = "".join(self._text).strip().splitlines()
            kind, what, _ = self._ended[-1]
            self._ended[-1] = (kind, what, lines[0].strip()[:LONGEST] if lines else "")
            self._text = None
        elif name == "testcase" and self._case is not None:
            self.found.append(_test(self._case, self._ended))
            self._case = None


def _test(case: Mapping[str, str], ended: list[Ended]) -> TestRun:
    by_kind = {kind: (what, said) for kind, what, said in reversed(ended)}
    outcome = _outcome(case, by_kind)
    bad = sum(kind in REPEATED for kind, _, _ in ended) + (outcome in FAILED.values())
    said = next((said for kind, _, said in ended if kind != "skipped"), "")
    line = case.get("line", "")
    place = f"{case['file']}:{line}" if case.get("file") and line.isdecimal() else case.get("file", "")
    return TestRun(
        _name(case),
        outcome,
        passes=int(outcome in ("passed", "flaky")),
        fails=bad,
        seconds=_seconds(case.get("time", "")),
        place=place[:LONGEST] if bad else "",
        message=said if bad else "",
    )


def _outcome(case: Mapping[str, str], by_kind: Mapping[str, tuple[str, str]]) -> str:
    for kind in ("error", "failure"):
        if kind in by_kind:
            return FAILED[kind]
    if "skipped" in by_kind:
        return "xfailed" if by_kind["skipped"][0] == "pytest.xfail" else "skipped"
    if case.get("status") in DID_NOT_RUN or case.get("result") in DID_NOT_RUN:
        return "skipped"
    if REPEATED & by_kind.keys():
        return "flaky"
    return "passed"


def _name(case: Mapping[str, str]) -> str:
    """`classname::name`; pytest's own id where its file is given, so that it is the test that the gate knows."""
    name, classname, file = case.get("name", "?"), case.get("classname", ""), case.get("file", "")
    module = re.sub(r"[/\\]", ".", file).removesuffix(".py")
    if file.endswith(".py") and (classname == module or classname.startswith(f"{module}.")):
        inner = classname[len(module) + 1 :].split(".")
        return "::".join(filter(None, (file, *inner, name)))
    return f"{classname}::{name}" if classname else name


def _seconds(text: str) -> float | None:
    """As Surefire writes them too: `1,234.5`."""
    try:
        seconds = float(text.replace(",", ""))
    except ValueError:
        return None
    return seconds if math.isfinite(seconds) and 0 <= seconds < 1e9 else None


def merged(tests: Iterable[TestRun]) -> Iterable[TestRun]:
    """One for each name: pytest writes a second case for an error in teardown, others one for each time it ran."""
    found: dict[str, TestRun] = {}
    for one in tests:
        other = found.get(one.test)
        found[one.test] = _together(other, one) if other else one
    return found.values()


def _together(one: TestRun, other: TestRun) -> TestRun:
    worse, better = sorted((one, other), key=lambda test: WORST_FIRST.index(test.outcome))
    times = [test.seconds for test in (one, other) if test.seconds is not None]
    return TestRun(
        worse.test,
        worse.outcome,
        worse.passes + better.passes,
        worse.fails + better.fails,
        sum(times) if times else None,
        worse.place,
        worse.message,
    )

"""The files that the probe left in a folder, read into values. A killed process leaves a torn last line."""

from __future__ import annotations

import json
import os
import re

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, Final, TypeGuard

    Event = Mapping[str, Any]

FORMAT: Final = "readiness/probe/1"
TEXT_LIMIT: Final = 20_000
_NEEDED: Final[Mapping[str, Mapping[str, type | tuple[type, ...]]]] = {
    "session": {"format": str, "pid": int, "rootdir": str},
    "collected": {"ids": list, "deselected": int},
    "collect_error": {"id": str},
    "collect_skip": {"id": str},
    "start": {"id": str},
    "test": {"id": str, "outcome": str, "seconds": (int, float)},
    "subtest": {"id": str, "outcome": str},
    "teardown_error": {"id": str},
    "rerun": {"id": str},
    "swallowed": {"id": str},
    "warning": {"category": str, "message": str, "where": str},
    "finding": {"id": str, "class": str, "causes": list},
    "isolation": {"tests": int, "watched": int, "seconds": (int, float), "replays": int, "leaks": list},
    "guard_blocked": {"id": str, "what": str, "host": str},
}
"""What is relied on. A line without it is a line that cannot be read."""
_NAME: Final = re.compile(r"(\d+)-(\d+)\.jsonl")


@value
class ProcessFile:
    """What one pytest process wrote. `deadline` is the stack of a test that passed its own deadline."""

    name: str
    events: tuple[Event, ...]
    deadline: str = ""
    problems: tuple[str, ...] = ()

    def of(self, *kinds: str) -> Iterator[Event]:
        return (event for event in self.events if event["event"] in kinds)

    def first(self, kind: str) -> Event:
        """The first event of that kind; empty when there is none."""
        return next(self.of(kind), {})


@value
class Run:
    """One pytest run: the process that recorded its outcomes, and its workers if pytest-xdist gave it any."""

    main: ProcessFile
    workers: tuple[ProcessFile, ...] = ()

    @property
    def files(self) -> tuple[ProcessFile, ...]:
        return (self.main, *self.workers)

    def of(self, *kinds: str) -> Iterator[Event]:
        return (event for file in self.files for event in file.of(*kinds))


def runs(folder: str) -> tuple[Run, ...]:
    """Every pytest run that left files in `folder`, in the order of their starts; none if it is missing."""
    files = {file.name: file for file in _files(folder)}
    controller = {name: str(file.first("session").get("controller", "")) for name, file in files.items()}
    mains = [name for name in files if controller[name] not in files]
    return tuple(
        Run(files[main], tuple(file for name, file in files.items() if controller[name] == main))
        for main in mains
    )


def _files(folder: str) -> Iterator[ProcessFile]:
    names = os.listdir(folder) if os.path.isdir(folder) else []
    found = [match for name in names if (match := _NAME.fullmatch(name))]
    for match in sorted(found, key=lambda match: (int(match[1]), int(match[2]))):
        yield _read(folder, match[0].removesuffix(".jsonl"))


def _read(folder: str, name: str) -> ProcessFile:
    path = os.path.join(folder, name)
    with open(path + ".jsonl", "rb") as file:
        *lines, rest = file.read().split(b"\n")
    events, broken = _parsed(lines)
    events += _parsed([rest])[0]
    problems = [f"{broken} lines of {name}.jsonl cannot be read"] if broken else []
    return ProcessFile(
        name, tuple(events), read_text(path + ".deadline"), (*problems, *_of_events(name, events))
    )


def _parsed(lines: list[bytes]) -> tuple[list[Event], int]:
    """The events of `lines`, and how many lines hold none."""
    events: list[Event] = []
    broken = 0
    for line in filter(None, lines):
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if _is_event(said):
            events.append(said)
        else:
            broken += 1
    return events, broken


def _is_event(said: Any) -> TypeGuard[Event]:
    if not isinstance(said, dict) or not isinstance(said.get("event"), str):
        return False
    needed = _NEEDED.get(said["event"], {})
    return all(isinstance(said.get(name), kind) for name, kind in needed.items())


def _of_events(name: str, events: list[Event]) -> Iterator[str]:
    for number, event in enumerate(events, 1):
        if event["event"] == "session" and event.get("format") != FORMAT:
            yield f"{name}.jsonl has the format {event.get('format')!r}, not {FORMAT!r}"
        if event["event"] == "probe_error":
            yield f"the probe: {event.get('message', '')}"
        if event["event"] == "finish" and (event.get("lost") or event.get("events") != number):
            yield f"{name}.jsonl lacks events: the process counted {event.get('events')}, {number} are there"


def read_text(path: str) -> str:
    """The first part of the text of a file that may not be there."""
    try:
        with open(path, encoding="utf-8", errors="backslashreplace") as file:
            return file.read(TEXT_LIMIT)
    except FileNotFoundError:
        return ""

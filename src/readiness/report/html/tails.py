"""Which logs the page holds, how much of each, and what is said of the others. Reads no file."""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.record.value import value
from readiness.report.html.markup import shortened
from readiness.report.plain import plain
from readiness.report.wording import against_it, plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any, Final

    from readiness.record.record import Record

BUDGET: Final = 1 << 20
"""Bytes of all logs in the page together."""
OF_ONE: Final = 1 << 16
OF_A_PASS: Final = 1 << 13
MOST: Final = 64
LONGEST_LINE: Final = 2000


@value
class Wanted:
    """A log by its path in the record, and how many bytes of its end may be shown."""

    log: str
    most: int


@value
class Tail:
    """The end of a log as it is in the file, without secrets; `size` is that of the whole file in bytes.

    `problem` says why it could not be read.
    """

    log: str
    data: bytes = b""
    size: int = 0
    problem: str = ""


def wanted(record: Record) -> tuple[Wanted, ...]:
    """Logs of checks that did not pass and of services first, then of those that passed; each once."""
    found: dict[str, int] = {}
    for log, most in _every(record):
        if log:
            found.setdefault(log, most)
    chosen: list[Wanted] = []
    room = BUDGET
    for log, most in found.items():
        if len(chosen) == MOST or room <= 0:
            break
        chosen.append(Wanted(log, min(most, room)))
        room -= most
    return tuple(chosen)


def _every(record: Record) -> Iterator[tuple[str, int]]:
    yield from ((check.log, OF_ONE) for check in against_it(record))
    yield from ((one.log, OF_ONE) for one in sorted(record.services, key=lambda one: one.state != "failed"))
    yield from ((check.log, OF_A_PASS) for check in record.checks if check.outcome is Outcome.PASSED)


def log_data(tails: Sequence[Tail]) -> list[dict[str, Any]]:
    """What the script reads: of each log its name, its lines, and what is not shown of it."""
    return [
        {"log": shortened(one.log), "text": "\n".join(_lines(one)), "left": _left_out(one)} for one in tails
    ]


def left_out(record: Record, tails: Sequence[Tail]) -> str:
    """A sentence about the logs that are not in the page; empty when all are."""
    every = {log for log, _ in _every(record) if log}
    missing = len(every - {one.log for one in tails})
    return f"{plural(missing, 'more log')} left out here, see the files." if missing else ""


def _lines(one: Tail) -> list[str]:
    text = one.data.decode("utf-8", "replace").replace("\r\n", "\n")
    if len(one.data) < one.size and "\n" in text:
        text = text.partition("\n")[2]
    return [
        plain(line[:LONGEST_LINE]) + ("…" if len(line) > LONGEST_LINE else "") for line in text.split("\n")
    ]


def _left_out(one: Tail) -> str:
    if one.problem:
        return shortened(one.problem)
    return f"The last {len(one.data)} of {one.size} bytes." if len(one.data) < one.size else ""

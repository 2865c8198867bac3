"""Histories to write to, and runs to write."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from readiness.store.address import Address
from readiness.store.opening import open_history
from readiness.store.past_run import PastCheck, PastRun, TestRun

if TYPE_CHECKING:
    from readiness.store.database import Database

Make = Callable[..., PastRun]


@pytest.fixture
def address(tmp_path: Path) -> Address:
    return Address(str(tmp_path / "history.sqlite"), "history.sqlite", is_file=True)


@pytest.fixture
def database(address: Address) -> Iterator[Database]:
    opened = open_history(address)
    yield opened
    opened.close()


def a_run(number: int, *, events: int = 1, commit: str = "", dirty: str = "", **tests: str) -> PastRun:
    """Run `number`, of one check `unit` with these tests; each is named with the outcome that it had."""
    ended = tuple(
        TestRun(name, outcome, int(outcome == "passed"), int(outcome in ("failed", "error")), 0.5 + number)
        for name, outcome in tests.items()
    )
    bad = any(one.fails for one in ended)
    check = PastCheck("unit", "core", "failed" if bad else "passed", seconds=float(number), tests=ended)
    return PastRun(
        id=f"run-{number:04}",
        kind="gate",
        started_at=f"2026-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00Z",
        events=events,
        verdict="NOT READY" if bad else "READY",
        gate="dev",
        commit=commit or f"{number:040x}",
        dirty=dirty,
        branch="main",
        seconds=float(events),
        lanes=(("core", "NOT READY" if bad else "READY"),),
        checks=(check,),
    )


@pytest.fixture
def run_of() -> Make:
    return a_run


TABLES = ("runs", "checks", "lanes", "tests", "results", "trials", "forgotten")


def everything(database: Database) -> dict[str, list[tuple[object, ...]]]:
    return {table: sorted(database.rows(f"SELECT * FROM {table}"), key=repr) for table in TABLES}


@pytest.fixture
def content() -> Callable[[Database], object]:
    """All rows of a history."""
    return everything

"""The ends of the logs, within a budget; nothing outside the runs is read, and nothing in a log's place hangs the gate."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from readiness.record.record import Record
from readiness.record.value import replace
from readiness.report.html import tails
from readiness.report.html.read_tails import read_tails
from readiness.report.html.tails import Tail, left_out, log_data, wanted


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / ".readiness" / "runs" / "1"
    (folder / "logs").mkdir(parents=True)
    return folder


def with_log(seed: Record, *logs: str) -> Record:
    return replace(seed, checks=tuple(replace(seed.checks[0], log=log) for log in logs), services=())


def test_the_end_of_a_log_is_read_and_its_size_is_known(seed: Record, run: Path, tmp_path: Path) -> None:
    (run / "logs" / "a.log").write_bytes(b"x" * 70_000 + b"\nlast line\n")
    (tail,) = read_tails(with_log(seed, ".readiness/runs/1/logs/a.log"), str(run), str(tmp_path))
    assert len(tail.data) == tails.OF_ONE
    assert tail.size == 70_011
    (shown,) = log_data([tail])
    assert shown["text"] == "last line\n", "half a line is not shown"
    assert shown["left"] == "The last 65536 of 70011 bytes."


def test_the_log_of_an_earlier_run_is_read_too(seed: Record, run: Path, tmp_path: Path) -> None:
    (run.parent / "0").mkdir()
    (run.parent / "0" / "a.log").write_text("cached")
    (tail,) = read_tails(with_log(seed, ".readiness/runs/0/a.log"), str(run), str(tmp_path))
    assert tail.data == b"cached"


@pytest.mark.parametrize(
    "log", ["secret", "../secret", ".readiness/runs/1/../../../secret", ".readiness/runs/1/link"]
)
def test_nothing_outside_the_runs_is_read(seed: Record, run: Path, tmp_path: Path, log: str) -> None:
    (tmp_path / "secret").write_text("hunter2")
    (run / "link").symlink_to(tmp_path / "secret")
    (tail,) = read_tails(with_log(seed, log), str(run), str(tmp_path))
    assert tail.data == b""
    assert "outside the folder of the runs" in tail.problem


def test_an_absolute_path_is_not_read(seed: Record, run: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2")
    (tail,) = read_tails(with_log(seed, str(tmp_path / "secret")), str(run), str(tmp_path))
    assert (tail.data, tail.problem) == (b"", "not read: it lies outside the folder of the runs")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone", "No such file or directory"),
        ("pipe", "it is no regular file"),
        ("logs", "it is no regular file"),
        ("a\0b", "null"),
        ("x" * 5000, "File name too long"),
    ],
)
def test_a_log_that_cannot_be_read_says_why(
    seed: Record, run: Path, tmp_path: Path, name: str, why: str
) -> None:
    os.mkfifo(run / "pipe")
    (tail,) = read_tails(with_log(seed, f".readiness/runs/1/{name}"), str(run), str(tmp_path))
    assert why in tail.problem
    assert log_data([tail])[0]["left"] == tail.problem[:400]


def test_all_logs_together_keep_to_the_budget_and_the_worst_come_first(seed: Record) -> None:
    good = tuple(replace(seed.checks[1], log=f"good{n}") for n in range(100))
    bad = tuple(replace(seed.checks[0], log=f"bad{n}") for n in range(12))
    record = replace(seed, checks=(*good, *bad, bad[0]))
    chosen = wanted(record)
    assert sum(one.most for one in chosen) <= tails.BUDGET
    assert [one.log for one in chosen[:13]] == [*(one.log for one in bad), seed.services[0].log]
    shown = [Tail(one.log) for one in chosen]
    assert len(shown) == len({one.log for one in shown}) <= tails.MOST
    assert left_out(record, shown) == f"{113 - len(shown)} more logs left out here, see the files."


def test_a_log_is_shown_plain(seed: Record) -> None:
    (shown,) = log_data([Tail("a", b"\x1b[31mred\x1b[0m \xff\xe2\x80\xae\r\n" + b"y" * 5000, 5020)])
    assert shown["text"].startswith("y" * 100), "the first line may be half of one"
    (whole,) = log_data([Tail("a", b"\x1b[31mred\x1b[0m \xff\xe2\x80\xae\r\n" + b"y" * 5000, 5017)])
    first, second = whole["text"].split("\n")
    assert first == "red \ufffd"
    assert len(second) == tails.LONGEST_LINE + 1

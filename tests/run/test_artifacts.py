from __future__ import annotations

import os

import pytest

from readiness.gate.settings import UsageError
from readiness.run import artifacts


def test_each_run_has_a_folder_and_latest_follows(tmp_path):
    first = artifacts.create(str(tmp_path))
    second = artifacts.create(str(tmp_path))
    assert first.path != second.path
    artifacts.point_latest(first)
    artifacts.point_latest(second)
    assert artifacts.find(str(tmp_path)).run_id == second.run_id
    assert artifacts.find(str(tmp_path), first.run_id).path == first.path
    assert (tmp_path / ".readiness/.gitignore").read_text() == "*\n"


def test_runs_of_one_second_are_ordered_as_they_began(tmp_path):
    made = [artifacts.create(str(tmp_path)).run_id for _ in range(20)]
    assert made == sorted(made)
    assert len({one.partition("-")[0] for one in made}) < len(made), "several began in one second"


def test_an_unknown_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no run is on record"):
        artifacts.find(str(tmp_path))
    artifacts.create(str(tmp_path))
    with pytest.raises(UsageError, match="is no run on record"):
        artifacts.find(str(tmp_path), "1999")
    artifacts.create(str(tmp_path))
    with pytest.raises(UsageError, match="matches more than one"):
        artifacts.find(str(tmp_path), "2")


def test_an_unwritable_place_is_named_and_nothing_is_run(tmp_path):
    (tmp_path / ".readiness").write_text("a file where the folder should be")
    with pytest.raises(UsageError, match=r"\.readiness.*nothing was run"):
        artifacts.create(str(tmp_path))


def test_old_runs_are_forgotten(tmp_path):
    runs = tmp_path / ".readiness/runs"
    for number in range(artifacts.KEPT_RUNS + artifacts.FORGOTTEN_TOGETHER):
        assert artifacts.old_runs(str(tmp_path)) == [], "not one by one"
        (runs / f"2000{number:04}").mkdir(parents=True)
    artifacts.forget(str(tmp_path), artifacts.old_runs(str(tmp_path)))
    kept = sorted(os.listdir(runs))
    assert len(kept) == artifacts.KEPT_RUNS
    assert kept[0] == "20000010"

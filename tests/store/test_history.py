from __future__ import annotations

import json

import pytest

from readiness.record.outcome import LaneVerdict, Outcome, Verdict
from readiness.record.record import Header, LaneStatus, Record
from readiness.record.result import CheckResult
from readiness.store.history import PATH, load, remember


@pytest.fixture
def record():
    header = Header("r1", "2026-01-01T00:00:00Z", (), "dev", ("core",), False, "readiness.yml", "", "0")
    checks = (
        CheckResult("slow", "core", Outcome.PASSED, True, "", seconds=7.5),
        CheckResult("cut", "core", Outcome.TIMED_OUT, True, "", seconds=600.0),
        CheckResult("same", "core", Outcome.PASSED, True, "", cached_from="r0"),
    )
    lanes = {"core": LaneStatus(LaneVerdict.READY, 0.0), "nd": LaneStatus(LaneVerdict.NOT_RUN)}
    return Record(header, Verdict.READY, 0, lanes, checks, ("fine",))


def test_durations_and_lanes_outlive_a_run(tmp_path, record):
    (tmp_path / ".readiness").mkdir()
    remember(str(tmp_path), record)
    history = load(str(tmp_path))
    assert history.seconds == {"slow": 7.5}
    lanes = history.lanes_with_age()
    assert set(lanes) == {"core"}
    assert lanes["core"]["verdict"] == "READY"
    assert 0 <= lanes["core"]["age"] < 60


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": "other"}'])
def test_a_broken_file_is_as_none_and_is_written_anew(tmp_path, record, content):
    path = tmp_path / PATH
    path.parent.mkdir()
    path.write_text(content)
    assert load(str(tmp_path)).seconds == {}
    remember(str(tmp_path), record)
    assert json.loads(path.read_text())["seconds"] == {"slow": 7.5}

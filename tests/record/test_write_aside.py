from __future__ import annotations

import os

import pytest

from readiness.record.write_aside import write_aside


def test_a_reader_sees_old_or_new_and_no_leftovers(tmp_path):
    path = tmp_path / "report.json"
    write_aside(path, "old")
    write_aside(path, b"new")
    assert path.read_bytes() == b"new"
    assert os.listdir(tmp_path) == ["report.json"]


def test_lone_surrogates_do_not_stop_a_report(tmp_path):
    write_aside(tmp_path / "log", "a\udcffb")
    assert (tmp_path / "log").read_bytes() == b"a\\udcffb"


def test_a_failure_names_the_file_and_leaves_the_old_one(tmp_path):
    folder = tmp_path / "report.json"
    folder.mkdir()
    with pytest.raises(OSError, match=r"report\.json"):
        write_aside(folder, "new")
    assert os.listdir(tmp_path) == ["report.json"]

"""Events reach the disk at once, one whole line each."""

from __future__ import annotations

import json
import os

from hypothesis import given
from hypothesis import strategies as st

from readiness_probe.events import EventFile


def lines(folder):
    (file,) = folder.glob("*.jsonl")
    return file.read_text(encoding="ascii").splitlines()


def test_a_line_is_there_before_the_next_is_written(tmp_path):
    events = EventFile(str(tmp_path / "new" / "folder"))
    events.write("start", id="test_a")
    assert [json.loads(line)["id"] for line in lines(tmp_path / "new" / "folder")] == ["test_a"]
    events.close()


def test_the_name_tells_start_and_process(tmp_path):
    events = EventFile(str(tmp_path))
    started, process = events.name.split("-")
    assert int(process) == os.getpid()
    assert int(started) > 0
    events.close()


def test_any_name_of_a_test_survives(tmp_path_factory):
    @given(st.text(st.characters()))
    def survives(name):
        folder = tmp_path_factory.mktemp("events")
        events = EventFile(str(folder))
        events.write("start", id=name)
        events.close()
        (line,) = lines(folder)
        assert json.loads(line)["id"] == name

    survives()


def test_nothing_is_written_after_the_end(tmp_path):
    events = EventFile(str(tmp_path))
    events.close()
    events.write("start", id="late")
    events.close()
    assert lines(tmp_path) == []
    assert events.count == 0


def test_a_closed_descriptor_is_opened_again(tmp_path):
    events = EventFile(str(tmp_path))
    os.close(events._descriptor)
    other = os.open(tmp_path / "other", os.O_WRONLY | os.O_CREAT)
    events.write("start", id="test_a")
    events.close()
    os.close(other)
    assert len(lines(tmp_path)) == 1
    assert (tmp_path / "other").read_bytes() == b""


def test_what_is_lost_is_counted(tmp_path):
    folder = tmp_path / "folder"
    events = EventFile(str(folder))
    os.close(events._descriptor)
    next(folder.glob("*.jsonl")).unlink()
    folder.rmdir()
    events.write("start", id="test_a")
    assert (events.count, events.lost) == (0, 1)
    events.close()


def test_it_is_not_inherited_by_other_programs(tmp_path):
    events = EventFile(str(tmp_path))
    assert not os.get_inheritable(events._descriptor)
    events.close()

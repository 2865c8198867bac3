"""Nothing finished is lost, nothing torn is kept, and there is one writer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.gate.fold import JournalError
from readiness.run.journal import Journal, JournalWriteError, read


def test_events_come_back_in_order_with_their_time(tmp_path):
    path = str(tmp_path / "journal.jsonl")
    with Journal(path, offset=5.0) as journal:
        journal.write("one", text="ü\n\udcff")
        journal.write("two")
    first, second = read(path)
    assert (first["event"], first["text"], second["event"]) == ("one", "ü\n\udcff", "two")
    assert 5.0 <= first["at"] <= second["at"]


def test_a_second_writer_is_refused(tmp_path):
    path = str(tmp_path / "journal.jsonl")
    with Journal(path), pytest.raises(JournalWriteError, match="another gate is writing"):
        Journal(path)


def test_an_unwritable_place_is_named(tmp_path):
    with pytest.raises(JournalWriteError, match="nowhere"):
        Journal(str(tmp_path / "nowhere" / "journal.jsonl"))


def test_a_full_disk_is_an_error_and_leaves_no_torn_line(tmp_path):
    import resource
    import signal

    path = str(tmp_path / "journal.jsonl")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with Journal(path) as journal:
        journal.write("kept")
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200, before[1]))
            with pytest.raises(JournalWriteError, match=r"journal\.jsonl"):
                journal.write("lost", text="x" * 1000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, handler)
    assert [event["event"] for event in read(path)] == ["kept"]


@given(cut=st.integers(0, 200))
def test_a_journal_cut_anywhere_still_reads_and_can_be_continued(tmp_path_factory, cut):
    path = tmp_path_factory.mktemp("cut") / "journal.jsonl"
    with Journal(str(path)) as journal:
        for number in range(4):
            journal.write("event", number=number)
    data = path.read_bytes()
    path.write_bytes(data[: min(cut, len(data))])
    whole = data[:cut].count(b"\n")
    assert [event["number"] for event in read(str(path))] == list(range(whole))
    with Journal(str(path)) as journal:
        journal.write("event", number=99)
    assert [event["number"] for event in read(str(path))] == [*range(whole), 99]


def test_garbage_in_the_middle_is_named_by_line(tmp_path):
    path = tmp_path / "journal.jsonl"
    path.write_text('{"event": "a"}\ngarbage\n{"event": "b"}\n')
    with pytest.raises(JournalError, match=r"journal\.jsonl:2"):
        read(str(path))

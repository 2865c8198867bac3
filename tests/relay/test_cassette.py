from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.cassette import CassetteError, Recording, dump, load, replayed_fields

TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
CHUNKS = st.lists(
    st.tuples(st.floats(0, 1e4).map(lambda one: round(one, 4)), st.binary(min_size=1, max_size=12)),
    max_size=4,
)
TEXT_CHUNKS = st.lists(st.tuples(st.just(0.5), TEXT.filter(len).map(str.encode)), max_size=4)


def recording(**changes: object) -> Recording:
    request = {"method": "POST", "path": "/v1/x", "body": {"a": 1}}
    facts = {
        "key": "k",
        "ordinal": 0,
        "request": request,
        "status": 200,
        "headers": {},
        "chunks": ((0.1, b"hi"),),
    }
    return Recording(**{**facts, **changes})


@given(JSON, CHUNKS | TEXT_CHUNKS, st.none() | st.integers(0, 99))
def test_what_is_written_is_read(tmp_path_factory, body, chunks, trial):
    path = tmp_path_factory.getbasetemp() / "round.yaml"
    one = recording(
        request={"method": "POST", "path": "/", "body": body},
        chunks=tuple(chunks),
        trial=trial,
        at="2026-01-01T00:00:00Z",
    )
    path.write_bytes((dump(one) + dump(recording(key="1e5"))).encode())
    first, second = load(str(path))
    assert (first.request, first.body, first.trial, first.at) == (one.request, one.body, trial, one.at)
    assert second.key == "1e5"


@given(TEXT_CHUNKS)
def test_the_pieces_of_a_stream_keep_their_times(tmp_path_factory, chunks):
    path = tmp_path_factory.getbasetemp() / "pieces.yaml"
    path.write_bytes(dump(recording(chunks=tuple(chunks))).encode())
    [read] = load(str(path))
    assert read.chunks == tuple(chunks) or (len(chunks) == 0 and read.body == b"")


def test_a_character_cut_in_two_stays_text(tmp_path):
    (tmp_path / "c").write_text(dump(recording(chunks=((0.1, b"caf\xc3"), (0.2, b"\xa9!")))))
    [read] = load(str(tmp_path / "c"))
    assert read.chunks == ((0.1, b"caf"), (0.2, "é!".encode()))


def test_it_is_yaml_of_the_usual_kind():
    text = dump(recording(chunks=((0.1, b"line one\nline two\n\n"),))) + dump(recording())
    documents = list(yaml.safe_load_all(text))
    assert [one["answer"]["body"] for one in documents] == ["line one\nline two\n\n", "hi"]


def test_a_recording_cut_short_is_left_out(tmp_path):
    whole = dump(recording())
    for cut in range(0, len(whole), 7):
        (tmp_path / "c").write_text(whole + whole[:cut])
        assert len(load(str(tmp_path / "c"))) == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\nformat: 2\n...\n", r"c:1: is no recording \(ValueError: format 2"),
        ("\n\n---\nformat: 1\nkey: [\n...\n", r"c:3: is no recording"),
        ("---\n- 1\n...\n", r"c:1: is no recording"),
        ("---\n!!python/object/apply:os.system [x]\n...\n", r"c:1: is no recording"),
    ],
)
def test_a_broken_cassette_names_its_place(tmp_path, text, message):
    (tmp_path / "c").write_text(text)
    with pytest.raises(CassetteError, match=message):
        load(str(tmp_path / "c"))


def test_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "c").write_bytes(b"\xff\xfe")
    with pytest.raises(CassetteError, match="not UTF-8"):
        load(str(tmp_path / "c"))
    with pytest.raises(CassetteError, match="cannot be read"):
        load(str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("at", "date"),
    [
        ("2026-01-02T03:04:05.678Z", "Fri, 02 Jan 2026 03:04:05 GMT"),
        ("2026-01-02T03:04:05+02:00", "Fri, 02 Jan 2026 01:04:05 GMT"),
        ("", "Thu, 01 Jan 1970 00:00:00 GMT"),
    ],
)
def test_a_replay_is_dated_as_it_was_recorded(at, date):
    fields = dict(replayed_fields(recording(at=at, headers={"content-type": "a/b"}), 3))
    assert fields == {
        "content-type": "a/b",
        "Date": date,
        "X-Stand-In": "replay",
        "X-Readiness-Recording": "k 3",
    }

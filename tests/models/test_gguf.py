"""A GGUF header is read for what it says, and a broken one is refused with a message, never a crash."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.failure import ModelError
from readiness.models.gguf import Header, parse_header, read_header


def test_reads_what_the_file_says(gguf_file: Path) -> None:
    header = read_header(str(gguf_file))
    assert header.architecture == "llama"
    assert header.quantisation == "Q4_1"
    assert header.context_length == 4096
    assert header.head_size == 64
    assert header.parameters == 27
    assert header.metadata["tokens"] is None
    assert header.metadata["scores"] is None


def test_head_size_from_the_embedding_when_no_key_length_is_given(write_gguf: Callable[..., bytes]) -> None:
    numbers = {"x.embedding_length": 576, "x.attention.head_count": 9}
    assert parse_header(write_gguf({"general.architecture": "x"}, numbers, [])).head_size == 64


def test_what_a_file_does_not_say_is_unknown() -> None:
    empty = Header({}, 0)
    assert (empty.architecture, empty.context_length, empty.head_size) == ("", 0, 0)
    assert Header({"general.file_type": 9999}, 0).quantisation == "unknown"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"PK\x03\x04" + b"\0" * 60, "letters GGUF"),
        (b"GGUF" + struct.pack("<IQQ", 1, 0, 0), "version 1"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 2**63), "past the end"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q1sI", 1, b"k", 99), "unknown kind 99"),
        (b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sI", 1, b"t", 99), "99 dimensions"),
    ],
)
def test_a_broken_file_is_refused_with_its_reason(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=why) as refused:
        read_header(str(path))
    assert str(path) in str(refused.value)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        read_header(str(tmp_path / "none.gguf"))


@given(st.data())
def test_any_cut_of_a_header_is_refused(write_gguf: Callable[..., bytes], data: st.DataObject) -> None:
    whole = write_gguf({"general.architecture": "llama"}, {"n": 1}, [(2, 3)])
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises((ValueError, struct.error)):
        parse_header(whole[:cut])


@given(st.binary(max_size=200))
def test_noise_is_refused_or_read_but_never_anything_else(noise: bytes) -> None:
    try:
        header = parse_header(b"GGUF" + struct.pack("<I", 3) + noise)
    except (ValueError, struct.error, OverflowError):
        return
    assert header.parameters >= 0


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8).filter(lambda key: key not in ("tokens", "scores")),
        st.text(max_size=20),
        max_size=4,
    ),
    st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=4).map(tuple), max_size=4),
)
def test_round_trip(
    write_gguf: Callable[..., bytes], texts: dict[str, str], tensors: list[tuple[int, ...]]
) -> None:
    header = parse_header(write_gguf(texts, {}, tensors))
    assert {key: header.metadata[key] for key in texts} == texts
    expected = 0
    for shape in tensors:
        size = 1
        for length in shape:
            size *= length
        expected += size
    assert header.parameters == expected

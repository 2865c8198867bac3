from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.fault import ConfigError
from readiness.config.source import LARGEST, decode, read_source, shown_as


def refused(path: str | Path, shown: str = "readiness.yml") -> str:
    with pytest.raises(ConfigError) as caught:
        decode(read_source(str(path), shown), shown)
    return str(caught.value)


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    told = refused(tmp_path / "readiness.yml")
    assert told == "readiness.yml:1:1: there is no such file; write one with `readiness init`"


def test_a_directory_is_named_as_one(tmp_path: Path) -> None:
    told = refused(tmp_path)
    assert told == "readiness.yml:1:1: is a directory, not a file; name the configuration file itself"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    told = refused(tmp_path / "pipe")
    assert told == "readiness.yml:1:1: is not a regular file; name the configuration file itself"


def test_an_endless_device_is_not_read() -> None:
    assert "is not a regular file" in refused("/dev/zero")


def test_a_path_through_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    told = refused(tmp_path / "plain" / "readiness.yml")
    assert told == "readiness.yml:1:1: cannot be read: Not a directory; check the path and its permissions"


def test_a_path_with_nul_cannot_be_read() -> None:
    told = refused("a\0b")
    assert told.startswith("readiness.yml:1:1: cannot be read: ")
    assert "null" in told


def test_a_link_to_itself_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "f").symlink_to(tmp_path / "f")
    told = refused(tmp_path / "f")
    assert told.startswith("readiness.yml:1:1: cannot be read: Too many levels")
    assert told.endswith("; check the path and its permissions")


def test_a_file_of_the_largest_size_is_read_and_one_byte_more_is_not(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes(b"#" * LARGEST)
    assert len(read_source(str(path), "f")) == LARGEST
    path.write_bytes(b"#" * (LARGEST + 1))
    told = refused(path)
    assert told.endswith("1:1: is larger than 4,194,304 bytes; this is no configuration; name the right file")


def test_a_binary_file_is_refused_at_its_first_nul(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes("version: 2\né\0x".encode())
    told = refused(tmp_path / "f")
    assert told == (
        "readiness.yml:2:2: is a binary file, or text that is not UTF-8: byte 14 is NUL; save it as UTF-8 text"
    )


def test_utf16_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes("version: 2".encode("utf-16"))
    assert "text that is not UTF-8" in refused(tmp_path / "f")


def test_what_is_not_utf8_is_refused_at_the_byte(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"checks:\n  # caf" + b"\xe9 x\n")
    told = refused(tmp_path / "f")
    assert told == "readiness.yml:2:8: is not UTF-8 text: byte 0xe9; save it as UTF-8 text"


def test_a_byte_order_mark_is_taken_off() -> None:
    assert decode("\ufeffversion: 2".encode(), "f") == "version: 2"


@given(st.binary(max_size=200))
def test_bytes_are_text_or_refused_and_nothing_else(data: bytes) -> None:
    body = data.removeprefix(b"\xef\xbb\xbf")
    if b"\0" not in data and body.decode("utf-8", "replace").encode() == body:
        assert decode(data, "f").encode() == body
    else:
        with pytest.raises(ConfigError) as caught:
            decode(data, "f")
        assert caught.value.faults[0].place.line <= data.count(b"\n") + 1


def test_a_file_is_called_as_it_was_named() -> None:
    assert shown_as("ci/readiness.yml") == "ci/readiness.yml"
    assert shown_as("/somewhere/project/readiness.yml") == "readiness.yml"

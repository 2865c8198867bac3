"""An identity changes with the weights and the engine, and only with them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from readiness.models.failure import ModelError
from readiness.models.identity import digest_of, human_number, identity


def test_names_the_file_that_answers(gguf_file: Path) -> None:
    found = identity(str(gguf_file), "toy")
    assert found.digest == hashlib.sha256(gguf_file.read_bytes()).hexdigest()
    assert (found.name, found.quantisation, found.parameters) == ("toy", "Q4_1", 27)
    assert found.server == "readiness"
    assert found.server_version
    assert found.to_json()["fingerprint"] == found.fingerprint


def test_the_fingerprint_follows_weights_and_engine_but_not_the_name(gguf_file: Path) -> None:
    found = identity(str(gguf_file), "toy")
    assert replace(found, name="other").fingerprint == found.fingerprint
    assert replace(found, engine_version="0").fingerprint != found.fingerprint
    gguf_file.write_bytes(gguf_file.read_bytes() + b"\0")
    assert identity(str(gguf_file), "toy").fingerprint != found.fingerprint


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        digest_of(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("count", "written"),
    [
        (7, "7"),
        (1500, "2K"),
        (134_515_008, "134.52M"),
        (2_000_000, "2M"),
        (7_241_732_096, "7.2B"),
        (10**9, "1B"),
    ],
)
def test_numbers_as_ollama_writes_them(count: int, written: str) -> None:
    assert human_number(count) == written

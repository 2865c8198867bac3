"""Where models are looked for, and what is said when they are not there."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from readiness.models import shelf
from readiness.models.catalogue import DEFAULT, ENTRIES, entry_named
from readiness.models.failure import ModelError
from readiness.models.shelf import find_model, is_here, model_directory, place_of


def test_the_switch_wins_over_the_cache(tmp_path: Path) -> None:
    environment = {"READINESS_MODEL_DIR": str(tmp_path), "XDG_CACHE_HOME": "/elsewhere"}
    assert model_directory(environment) == str(tmp_path)


def test_the_cache_of_the_user_is_the_default() -> None:
    assert model_directory({"XDG_CACHE_HOME": "/c"}) == "/c/readiness/models"
    home = os.path.expanduser("~")
    assert model_directory({}) == f"{home}/.cache/readiness/models"
    assert model_directory({"XDG_CACHE_HOME": "relative"}) == f"{home}/.cache/readiness/models"


def test_names_aliases_and_case() -> None:
    assert entry_named("smollm2:135m") is DEFAULT
    assert entry_named("SmolLM2") is DEFAULT
    assert entry_named("smollm3") is None
    assert all(len(entry.sha256) == 64 and entry.sha256[:12] in entry.file_name for entry in ENTRIES)


def test_a_path_is_taken_as_it_is(tmp_path: Path) -> None:
    assert find_model("sub/my.gguf", str(tmp_path)) == (os.path.abspath("sub/my.gguf"), "my", None)


def test_an_unknown_name_says_where_names_are_listed(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="readiness model list"):
        find_model("gpt-5", str(tmp_path))


def test_a_model_that_was_not_pulled_says_how_to(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"readiness model pull smollm2:135m"):
        find_model(None, str(tmp_path))


def test_a_file_of_the_wrong_size_is_not_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(DEFAULT, size=5)
    monkeypatch.setattr(shelf, "DEFAULT", small)
    Path(place_of(small, str(tmp_path))).write_bytes(b"1234")
    assert not is_here(small, str(tmp_path))
    Path(place_of(small, str(tmp_path))).write_bytes(b"12345")
    assert find_model(None, str(tmp_path)) == (place_of(small, str(tmp_path)), small.name, small)

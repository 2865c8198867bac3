"""Ollama's options, with its defaults and its words for wrong types."""

from __future__ import annotations

import pytest

from readiness.models.generation import Sampling
from readiness.models.ollama.error import OllamaError
from readiness.models.ollama.options import read_options


def test_the_defaults_are_ollamas() -> None:
    assert read_options({}, 7) == Sampling(7, temperature=0.8, top_p=0.9, top_k=40)


def test_everything_given_counts() -> None:
    given = {
        "seed": 3,
        "temperature": 0,
        "top_p": 0.5,
        "top_k": 5.0,
        "num_predict": 9,
        "stop": ["a", ""],
        "min_p": 0.1,
    }
    found = read_options(given, 7)
    assert (found.seed, found.temperature, found.top_p, found.top_k) == (3, 0, 0.5, 5)
    assert (found.max_tokens, found.stop, found.min_p) == (9, ("a",), 0.1)


def test_no_limit_and_no_seed() -> None:
    found = read_options({"seed": -1, "num_predict": -2, "temperature": None}, 7)
    assert (found.seed, found.max_tokens, found.temperature) == (7, None, 0.8)


def test_unknown_options_and_those_of_the_runner_change_nothing() -> None:
    assert read_options({"num_ctx": 4096, "use_mmap": True, "mirostat": "x"}, 7) == read_options({}, 7)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("temperature", "hot", "of type float32"),
        ("temperature", True, "of type float32"),
        ("seed", "1", "of type integer"),
        ("num_ctx", [], "of type integer"),
        ("use_mmap", 1, "of type boolean"),
        ("stop", "a", "of type array"),
        ("stop", [1], "of an array of strings"),
    ],
)
def test_a_wrong_type_is_refused_as_there(name: str, value: object, words: str) -> None:
    with pytest.raises(OllamaError, match=f'option "{name}" must be {words}') as refused:
        read_options({name: value}, 7)
    assert refused.value.status == 500


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k", "min_p"])
def test_a_negative_value_is_refused_since_it_would_be_ignored(name: str) -> None:
    with pytest.raises(OllamaError, match="must not be negative") as refused:
        read_options({name: -1}, 7)
    assert refused.value.status == 400

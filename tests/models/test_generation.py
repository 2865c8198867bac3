"""What goes to the engine, and what its stream is read as."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.models.generation import (
    LARGEST_SEED,
    LOWEST_LOGPROB,
    EngineRefusal,
    Generation,
    Message,
    Piece,
    Sampling,
    Usage,
    derived_seed,
    engine_body,
    put_together,
    read_event,
    with_seed,
)

TIMINGS = {"cache_n": 3, "prompt_n": 4, "prompt_ms": 1.5, "predicted_n": 5, "predicted_ms": 2.5}


def body(generation: Generation) -> Any:
    return json.loads(engine_body(generation))


def test_every_sampling_value_is_sent_since_the_engine_has_defaults_of_its_own() -> None:
    sent = body(Generation(Sampling(7), (Message("user", "hi"),)))
    assert sent["top_k"] == 0
    assert sent["min_p"] == 0
    assert (sent["temperature"], sent["top_p"], sent["seed"], sent["max_tokens"]) == (1, 1, 7, -1)
    assert sent["messages"] == [{"role": "user", "content": "hi"}]
    assert sent["stream"] is True
    assert "stop" not in sent
    assert "grammar" not in sent


def test_a_raw_prompt_goes_without_messages() -> None:
    sent = body(Generation(Sampling(7, stop=("a",)), prompt="Once", grammar="g", logprobs=2))
    assert (sent["prompt"], sent["stop"], sent["grammar"], sent["logprobs"]) == ("Once", ["a"], "g", 2)
    assert "messages" not in sent


def test_log_probabilities_of_a_chat_are_asked_for_even_without_alternatives() -> None:
    sent = body(Generation(Sampling(7), (Message("user", "hi"),), logprobs=0))
    assert (sent["logprobs"], sent["top_logprobs"]) == (True, 1)


def test_reads_text_of_both_kinds() -> None:
    assert read_event({"choices": [{"delta": {"content": "a"}}]}, None) == Piece("a")
    assert read_event({"choices": [{"text": "b", "finish_reason": "stop"}]}, None) == Piece(
        "b", finish="stop"
    )
    assert read_event({"choices": [{"delta": {"role": "assistant", "content": None}}]}, None) == Piece()


def test_usage_counts_the_cached_part_of_the_prompt() -> None:
    piece = read_event({"choices": [], "usage": {}, "timings": TIMINGS}, None)
    assert piece.usage == Usage(7, 3, 5, 1.5, 2.5)


def test_log_probabilities_are_cut_to_what_was_asked() -> None:
    token = {
        "token": "a",
        "logprob": -1.0,
        "top_logprobs": [{"token": "a", "logprob": -1.0}, {"token": "b", "logprob": None}],
    }
    event = {"choices": [{"delta": {"content": "a"}, "logprobs": {"content": [token]}}]}
    assert read_event(event, None).logprobs == ()
    (none,) = read_event(event, 0).logprobs
    assert (none.token, none.top) == ("a", ())
    (two,) = read_event(event, 2).logprobs
    assert [(one.token, one.logprob) for one in two.top] == [("a", -1.0), ("b", LOWEST_LOGPROB)]


@pytest.mark.parametrize(("code", "status"), [(400, 400), (500, 500), (503, 500)])
def test_an_error_in_the_stream_is_raised(code: int, status: int) -> None:
    with pytest.raises(EngineRefusal, match="no") as refused:
        read_event({"error": {"code": code, "message": "no"}}, None)
    assert refused.value.status == status
    assert not refused.value.too_long


def test_a_prompt_that_does_not_fit_says_both_sizes() -> None:
    error = {"code": 400, "message": "long", "n_prompt_tokens": 9, "n_ctx": 8}
    with pytest.raises(EngineRefusal) as refused:
        read_event({"error": error}, None)
    assert refused.value.too_long
    assert (refused.value.prompt_tokens, refused.value.context) == (9, 8)


@given(st.lists(st.text()))
def test_pieces_make_the_whole(texts: list[str]) -> None:
    usage = Usage(1, 0, len(texts))
    found = put_together([*(Piece(text) for text in texts), Piece(finish="length"), Piece(usage=usage)])
    assert (found.text, found.finish, found.usage) == ("".join(texts), "length", usage)


def test_the_prompt_of_several_answers_is_counted_once() -> None:
    assert Usage() + Usage(7, 0, 5) + Usage(7, 6, 2) == Usage(7, 6, 7)


@given(st.integers(0, LARGEST_SEED))
def test_seeds_of_several_answers_differ_and_repeat(seed: int) -> None:
    seeds = [derived_seed(seed, index) for index in range(8)]
    assert seeds[0] == seed
    assert len(set(seeds)) == 8
    assert all(0 <= one <= LARGEST_SEED for one in seeds)
    assert seeds == [derived_seed(seed, index) for index in range(8)]


def test_a_seed_changes_nothing_else() -> None:
    before = Generation(Sampling(1, temperature=0.5), (Message("user", "hi"),), grammar="g")
    after = with_seed(before, 2)
    assert after.sampling.seed == 2
    assert with_seed(after, 1) == before

"""What the engine itself must keep: the same answer alone and in company, schemas held, signals left alone."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from readiness.models.engine import Engine, EngineSettings
from readiness.models.failure import ModelError
from readiness.models.generation import (
    Answer,
    EngineRefusal,
    Generation,
    Message,
    Piece,
    Sampling,
    put_together,
)

SHORT = "Say hi."
LONG = "Continue this list of words: " + "rain stone river summer child house " * 14
SHARED = "You are a poet who writes about the sea and the harbour and the ships that come home at night. "


@pytest.fixture(scope="module")
def engine(model_file: str) -> Iterator[Engine]:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    engine = Engine(EngineSettings(model_file))
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before
    yield engine
    engine.close()


def run(engine: Engine, generation: Generation) -> Answer:
    pieces: list[Piece] = []
    engine.generate(generation, lambda piece: pieces.append(piece) and False)  # type: ignore[func-returns-value]
    return put_together(pieces)


def ask(prompt: str, seed: int, temperature: float = 0.9, limit: int = 16) -> Generation:
    return Generation(Sampling(seed, temperature, max_tokens=limit), (Message("user", prompt),))


def test_the_same_seed_gives_the_same_text_alone_in_company_and_with_a_warm_cache(engine: Engine) -> None:
    jobs = [
        ask(prompt, seed) for prompt in (SHORT, LONG, SHARED + "Begin.", SHARED + "Go on.") for seed in (1, 2)
    ]
    alone = [run(engine, job).text for job in jobs]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda job: run(engine, job).text, jobs))
        again = list(pool.map(lambda job: run(engine, job).text, reversed(jobs)))
    assert together == alone
    assert again == alone[::-1]
    assert len(set(alone)) > len(alone) // 2, "different seeds must be able to differ"


def test_different_seeds_differ(engine: Engine) -> None:
    assert len({run(engine, ask("Write a word.", seed, 1.2, 12)).text for seed in range(4)}) > 1


def test_a_prompt_that_is_cached_is_not_computed_again(engine: Engine) -> None:
    first = run(engine, ask(LONG, 9, limit=2)).usage
    second = run(engine, ask(LONG, 9, limit=2)).usage
    assert second.prompt_tokens == first.prompt_tokens
    assert second.cached_tokens == second.prompt_tokens - 1


@pytest.mark.parametrize(
    ("schema", "held"),
    [
        ({"type": "object"}, True),
        ({"type": "integer", "minimum": 3, "maximum": 4}, True),
        ({"type": "number", "exclusiveMinimum": 0, "maximum": 0.5}, True),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}], "items": False}, True),
        ({"type": "string", "pattern": "^[a-c]{3}$"}, True),
        ({"type": "integer", "minimum": 5, "maximum": 3}, False),
        ({"type": "string", "pattern": "("}, False),
        ({"not": {}}, False),
        ({"type": "array", "uniqueItems": True}, False),
        ({"type": "string", "format": "colour"}, False),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}}, False),
        ({"$ref": "http://elsewhere.example/schema"}, False),
    ],
)
def test_knows_which_schemas_it_can_hold(engine: Engine, schema: dict[str, object], held: bool) -> None:
    assert engine.enforces(schema) is held


def test_a_prompt_that_does_not_fit_is_refused_with_both_sizes(engine: Engine) -> None:
    with pytest.raises(EngineRefusal) as refused:
        run(engine, ask("word " * 2500, 1))
    assert refused.value.too_long
    assert refused.value.context == 2048
    assert refused.value.prompt_tokens > 2500


def test_a_generation_is_stopped_within_a_token(engine: Engine) -> None:
    seen: list[Piece] = []

    def stop_at_third(piece: Piece) -> bool:
        if piece.text:
            seen.append(piece)
        return len(seen) >= 3

    engine.generate(ask("Tell a long story.", 1, limit=400), stop_at_third)
    assert len(seen) == 3


def test_a_generation_is_stopped_within_its_prompt(engine: Engine) -> None:
    seen: list[Piece] = []
    engine.generate(ask("unseen words " * 600, 1), lambda piece: seen.append(piece) or True)  # type: ignore[func-returns-value]
    assert [piece.text for piece in seen] == [""]


def test_raw_prompts_and_log_probabilities(engine: Engine) -> None:
    answer = run(
        engine, Generation(Sampling(1, 0, max_tokens=3), prompt="The capital of France is", logprobs=2)
    )
    assert answer.text.strip().startswith("Paris")
    assert answer.usage.completion_tokens == 3
    chat = Generation(Sampling(1, 0, max_tokens=3), (Message("user", SHORT),), logprobs=2)
    tokens = run(engine, chat).logprobs
    assert len(tokens) == 3
    assert all(
        len(one.top) == 2 and one.logprob <= 0 and one.top[0].logprob >= one.top[1].logprob for one in tokens
    )
    assert all(one.token == one.top[0].token for one in tokens), "temperature 0 takes the likeliest token"


def test_stop_texts_end_the_answer_and_stay_out_of_it(engine: Engine) -> None:
    generation = Generation(Sampling(1, 0, max_tokens=20, stop=("Paris",)), prompt="The capital of France is")
    answer = run(engine, generation)
    assert (answer.finish, "Paris" in answer.text) == ("stop", False)


def test_a_file_that_is_no_model_is_one_message(tmp_path: object, write_broken: str) -> None:
    with pytest.raises(ModelError, match="the engine cannot load it"):
        Engine(EngineSettings(write_broken))


@pytest.fixture
def write_broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("broken") / "broken.gguf"
    path.write_bytes(b"GGUF" + json.dumps({}).encode())
    return str(path)

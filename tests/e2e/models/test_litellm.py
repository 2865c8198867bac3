"""The `litellm` SDK, untouched, through the relay, in an environment of its own (it would pull the others' versions about).

Named to run last: its environment is made while the other tests run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SCRIPT = """
import json, sys
import litellm
url, model = sys.argv[1:]
litellm.telemetry = False
HI = [{"role": "user", "content": "What is the capital of France? Answer in one word."}]
PERSON = {"type": "object", "properties": {"name": {"type": "string", "maxLength": 9}, "age": {"type": "integer", "maximum": 99, "minimum": 0}}, "required": ["name", "age"], "additionalProperties": False}
found = {}
def ask(name="ollama_chat/" + model, **fields):
    return litellm.completion(model=name, **{"api_base": url, "messages": HI, "max_tokens": 16, **fields})
def text(**fields):
    return ask(**fields).choices[0].message.content
found["chat"] = text(temperature=0)
found["usage"] = ask(temperature=0).usage.total_tokens
found["seed"] = [text(seed=seed, temperature=1.0) for seed in (3, 3, 4, 5, 6)]
found["stream"] = [chunk.choices[0].delta.content or "" for chunk in ask(seed=3, temperature=1.0, stream=True)]
schema = {"type": "json_schema", "json_schema": {"name": "person", "schema": PERSON, "strict": True}}
found["schema"] = text(response_format=schema, temperature=0, max_tokens=60, messages=[{"role": "user", "content": "Describe a person."}])
def refused(**fields):
    try:
        ask(**fields)
    except Exception as error:
        return [type(error).__name__, str(error)[:400]]
found["unknown"] = refused(name="ollama_chat/nope")
found["openai_unknown"] = refused(name="openai/nope", api_base=url + "/v1", api_key="unused", max_retries=0)
found["openai_hot"] = refused(name="openai/" + model, api_base=url + "/v1", api_key="unused", max_retries=0, temperature=5)
print("FOUND " + json.dumps(found))
"""


TOKEN = "litellm-token-0123456789"


@pytest.fixture(scope="module")
def relay(server: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """The root of a route to the real model, and the file of its calls."""
    folder = tmp_path_factory.mktemp("relay")
    plan = {
        "upstreams": {"model": {"kind": "ollama", "base": server.url}},
        "routes": {TOKEN: {"check": "litellm", "lane": "nd", "upstream": "model"}},
    }
    (folder / "plan").write_text(json.dumps(plan))
    words = [word for name in ("plan", "calls", "ready") for word in (f"--{name}", str(folder / name))]
    with subprocess.Popen([sys.executable, "-m", "readiness.relay", *words]) as process:
        try:
            while not (folder / "ready").exists():
                assert process.poll() is None, "the relay does not start"
                time.sleep(0.02)
            port = json.loads((folder / "ready").read_text())["port"]
            yield f"http://127.0.0.1:{port}/c/{TOKEN}", folder / "calls"
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def found(server: Any, relay: tuple[str, Path], litellm_python: str) -> Any:
    done = subprocess.run(
        [litellm_python, "-W", "ignore", "-c", SCRIPT, relay[0], server.model],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("FOUND ")), None)
    assert line, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(line.removeprefix("FOUND "))


def test_chat(found: Any) -> None:
    assert "Paris" in found["chat"]
    assert found["usage"] > 10


def test_a_seed_repeats_and_another_does_not(found: Any) -> None:
    assert found["seed"][0] == found["seed"][1]
    assert len(set(found["seed"])) > 1


def test_a_stream_is_the_chat_in_parts(found: Any) -> None:
    assert "".join(found["stream"]) == found["seed"][0]
    assert len(found["stream"]) > 2


def test_a_schema_is_held(found: Any) -> None:
    assert list(json.loads(found["schema"])) == ["name", "age"]


def test_errors_are_mapped(found: Any) -> None:
    assert "model 'nope' not found" in found["unknown"][1]
    assert found["openai_unknown"][0] == "NotFoundError"
    assert found["openai_hot"][0] == "BadRequestError"


def test_every_call_is_on_record_and_the_good_ones_count(found: Any, relay: tuple[str, Path]) -> None:
    calls = [json.loads(line) for line in relay[1].read_text().splitlines()]
    asked = [call for call in calls if call["generation"]]
    assert [call["error"] for call in asked if not call["counted"]] == [
        "not_found",
        "not_found",
        "bad_request",
    ]
    assert sum(call["counted"] for call in asked) == 9

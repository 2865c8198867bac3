"""`inspect_ai`, untouched, with the service as its provider: a task with a tool, evaluated and scored."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

SCRIPT = """
import json
from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import get_model, GenerateConfig
from inspect_ai.scorer import includes
from inspect_ai.solver import generate, use_tools
from inspect_ai.tool import tool

@tool
def weather():
    async def execute(city: str):
        '''Weather of a city.

        Args:
            city: name of the city
        '''
        return "sun in " + city
    return execute

def evaluated(solver, target, **config):
    task = Task(dataset=[Sample("What is the capital of France?", target=target)], solver=solver, scorer=includes())
    (log,) = eval(task, model="openai-api/miniagent/small", display="none", log_dir="logs", **config)
    sample = log.samples[0]
    return [log.status, sample.scores["includes"].value, sample.output.completion, sample.output.usage.total_tokens, len(sample.messages)]

print("FOUND " + json.dumps({
    "plain": evaluated([generate()], "Paris", temperature=0, seed=1, max_tokens=50),
    "tools": evaluated([use_tools(weather()), generate()], "sun in Paris"),
    "several": evaluated([generate()], "Paris", epochs=2),
}))
"""


@pytest.fixture(scope="module")
def found(service: str, token: str, inspect_ai_python: str, tmp_path_factory: Any) -> Any:
    folder = tmp_path_factory.mktemp("inspect")
    done = subprocess.run(
        [inspect_ai_python, "-W", "ignore", "-c", SCRIPT],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        cwd=folder,
        env={**os.environ, "MINIAGENT_API_KEY": token, "MINIAGENT_BASE_URL": f"{service}/v1"},
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("FOUND ")), None)
    assert line, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(line.removeprefix("FOUND "))


def test_an_evaluation_is_answered_and_scored(found: Any) -> None:
    assert found["plain"] == ["success", "C", "Paris", 10, 2]


def test_its_tools_are_called(found: Any) -> None:
    assert found["tools"][:3] == ["success", "C", "The tool said sun in Paris."]
    assert found["tools"][4] == 4


def test_epochs(found: Any) -> None:
    assert found["several"][:2] == ["success", "C"]

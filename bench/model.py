"""How often the embedded model passes ten small tasks, at three temperatures: data for choosing smokes.

    python bench/model.py [--trials 12] [--out bench/model-results.json]

Each trial has a seed of its own; four run at once, as the server allows. A smoke for the `nd` lane wants a task
whose rate is well above its zone's `good`, or well below its `bad`; the ones between are for testing the
sequential decision itself.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPERATURES = (0.0, 0.7, 1.0)
COMMAND = "import sys; from readiness.models import commands; sys.exit(commands.serve(sys.argv[1:]))"


@dataclass(frozen=True)
class Task:
    """One task. `passed` looks at the message of the answer."""

    name: str
    prompt: str
    passed: Callable[[dict[str, Any]], bool]
    fields: dict[str, Any] = field(default_factory=dict)


def says(*words: str) -> Callable[[dict[str, Any]], bool]:
    return lambda message: all(word in (message["content"] or "").lower() for word in words)


def parsed(check: Callable[[Any], bool]) -> Callable[[dict[str, Any]], bool]:
    def passed(message: dict[str, Any]) -> bool:
        try:
            return check(json.loads(message["content"] or ""))
        except ValueError:
            return False

    return passed


def called(name: str, check: Callable[[Any], bool]) -> Callable[[dict[str, Any]], bool]:
    def passed(message: dict[str, Any]) -> bool:
        for call in message.get("tool_calls", ()):
            try:
                arguments = json.loads(call["function"]["arguments"])
            except ValueError:
                return False
            return call["function"]["name"] == name and check(arguments)
        return False

    return passed


def schema(**properties: Any) -> dict[str, Any]:
    shape = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": shape}}}


def tool(name: str, about: str, **properties: Any) -> dict[str, Any]:
    shape = {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }
    return {"type": "function", "function": {"name": name, "description": about, "parameters": shape}}


TEXT = {"type": "string", "maxLength": 24}
NUMBER = {"type": "integer", "minimum": 0, "maximum": 999}
MULTIPLY = tool("multiply", "Multiply two numbers.", a=NUMBER, b=NUMBER)
WEATHER = tool("get_weather", "Current weather of a city.", city=TEXT)
MOOD = schema(mood={"enum": ["positive", "negative"]})

TASKS = (
    Task("capital", "What is the capital of France? Answer in one word.", says("paris")),
    Task("capital_bare", "What is the capital of France?", says("paris")),
    Task("repeat_word", "Repeat this word and nothing else: banana", says("banana")),
    Task(
        "greeting",
        "Say hello to me.",
        lambda m: bool(re.search(r"\b(hello|hi|hey)\b", (m["content"] or "").lower())),
    ),
    Task(
        "extract_person",
        "Anna is 31 years old. Give her name and age.",
        parsed(lambda found: found["name"] == "Anna" and found["age"] == 31),
        schema(name=TEXT, age=NUMBER),
    ),
    Task(
        "schema_shape",
        "Describe a dog.",
        parsed(lambda found: list(found) == ["name", "legs"]),
        schema(name=TEXT, legs=NUMBER),
    ),
    Task(
        "mood_good",
        "Is this review positive or negative? 'I love it, it is wonderful.'",
        parsed(lambda f: f["mood"] == "positive"),
        MOOD,
    ),
    Task(
        "mood_bad",
        "Is this review positive or negative? 'I hate it, it is awful.'",
        parsed(lambda f: f["mood"] == "negative"),
        MOOD,
    ),
    Task(
        "tool_arguments",
        "Multiply 12 and 34.",
        called("multiply", lambda found: sorted((found["a"], found["b"])) == [12, 34]),
        {"tools": [MULTIPLY], "tool_choice": "required"},
    ),
    Task(
        "tool_picked",
        "What is the weather in Paris?",
        called("get_weather", lambda found: found["city"].startswith("Paris")),
        {"tools": [MULTIPLY, WEATHER], "tool_choice": "required"},
    ),
)


def ask(url: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(f"{url}/v1/chat/completions", json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=300) as answered:
        found: dict[str, Any] = json.load(answered)
    return found


def measure(url: str, task: Task, temperature: float, trials: int) -> dict[str, Any]:
    def one(seed: int) -> tuple[bool, float, int]:
        began = time.monotonic()
        body = {"model": "smollm2", "messages": [{"role": "user", "content": task.prompt}], "max_tokens": 48}
        found = ask(url, body | task.fields | {"temperature": temperature, "seed": seed})
        passed = task.passed(found["choices"][0]["message"])
        return passed, time.monotonic() - began, found["usage"]["completion_tokens"]

    count = 1 if temperature == 0 else trials  # one answer is all there is at 0
    with ThreadPoolExecutor(4) as pool:
        rows = list(pool.map(one, range(1, count + 1)))
    return {
        "task": task.name,
        "temperature": temperature,
        "passed": sum(passed for passed, _, _ in rows),
        "trials": count,
        "median_seconds": round(statistics.median(seconds for _, seconds, _ in rows), 2),
        "median_tokens": statistics.median(tokens for _, _, tokens in rows),
    }


def machine() -> dict[str, Any]:
    model = "unknown"
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            model = next(
                (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model
            )
    return {
        "processor": model,
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Pass rates of small tasks on the embedded model.")
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--out", default="bench/model-results.json")
    arguments = parser.parse_args()
    words = [sys.executable, "-c", COMMAND, "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = next(line.split()[-1] for line in server.stdout if "listening on" in line)
            with urllib.request.urlopen(f"{url}/v1/models", timeout=10) as answered:
                identity = json.load(answered)["data"][0]["identity"]
            rows = []
            for task in TASKS:
                for temperature in TEMPERATURES:
                    rows.append(measure(url, task, temperature, arguments.trials))
                    print(
                        "{task:<16} t={temperature:<4} {passed:>3}/{trials:<3} {median_seconds:>6} s".format(
                            **rows[-1]
                        ),
                        flush=True,
                    )
        finally:
            server.terminate()
    identity.pop("modified")
    found = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine(),
        "model": identity,
        "rates": rows,
    }
    with open(arguments.out, "w", encoding="utf-8") as out:
        json.dump(found, out, indent=1)
        out.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

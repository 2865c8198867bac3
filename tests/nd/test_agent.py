"""The agent service with a real model behind it: it calls a tool through a schema and answers, and it writes code until it runs.

The model is small, so each question follows two examples of the same kind; what is measured is the service's loop
around a model that is wrong at times, not how clever the model is.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Run = Callable[..., dict[str, Any]]


def asked_before(number: int, city: str, weather: str) -> list[dict[str, Any]]:
    """A question about the weather, the call of the tool, its result and the answer."""
    call = {"name": "weather", "arguments": json.dumps({"city": city})}
    return [
        {"role": "user", "content": f"What is the weather in {city}?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": f"c{number}", "type": "function", "function": call}],
        },
        {"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps({"weather": weather})},
        {"role": "assistant", "content": f"In {city} there is {weather}."},
    ]


def test_the_agent_calls_a_tool_and_answers_with_what_it_said(agent: Run, weather: Any) -> None:
    messages = [*asked_before(1, "Oslo", "rain, 4 degrees"), *asked_before(2, "Paris", "fog, 12 degrees")]
    messages.append({"role": "user", "content": "What is the weather in Rome?"})
    envelope = agent(messages, tool_backend="http", tool_http_base_url=weather.base, tool_mode="schema")
    assert weather.asked == [{"name": "weather", "arguments": {"city": "Rome"}}]
    assert envelope["ok"], envelope
    assert "21 degrees" in envelope["final_answer"]
    assert envelope["metrics"]["tokens"]["completion"] > 0


def test_the_agent_writes_code_runs_it_and_repairs_it_until_it_converges(agent: Run) -> None:
    messages = [
        {"role": "system", "content": "You answer with one Python code block that prints the result."}
    ]
    for question, code in (("2 + 3", "print(2 + 3)"), ("10 - 4", "print(10 - 4)")):
        messages.append({"role": "user", "content": f"Print {question}."})
        messages.append({"role": "assistant", "content": f"```python\n{code}\n```"})
    messages.append({"role": "user", "content": "Print 17 * 23."})
    envelope = agent(messages, use_tools=False, auto_run_code_on_code_block=True)
    printed = [
        one["stdout"].strip()
        for step in envelope["iterations"]
        for one in step["tool_invocations"]
        if one["ok"]
    ]
    assert "391" in printed, envelope

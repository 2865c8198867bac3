"""Stand-ins answer only where they are switched on, and everything that they say is marked."""

from __future__ import annotations

import functools
import json

import pytest

from mini_agent.app.openai.answer import marked
from mini_agent.app.service import Upstream
from mini_agent.cli.serve import stand_in_of
from mini_agent.model.open import open_model
from mini_agent.model.settings import ModelSettings
from mini_agent.model.stand_in_rules import StandInRules


@pytest.fixture
def served(start):
    def begin(rules: StandInRules):
        async def names(_):
            return ("echo",)

        opened = open_model(ModelSettings(stand_ins=rules))
        return start(upstream=Upstream(opened.with_headers, names, functools.partial(stand_in_of, rules)))

    return begin


ECHO = StandInRules(mode="echo")


def test_an_echo_is_marked_in_the_head_and_in_the_body(served):
    found = served(ECHO).chat()
    assert found.headers["x-stand-in"] == "echo"
    assert found.json()["system_fingerprint"] == "stand-in"
    assert found.json()["choices"][0]["message"]["content"] == "Capital of France?"


def test_a_streamed_echo_is_marked_in_the_head_and_in_every_chunk(served):
    found = served(ECHO).chat(stream=True, stream_options={"include_usage": True})
    assert found.headers["x-stand-in"] == "echo"
    lines = [line.removeprefix("data: ") for line in found.text.split("\n\n") if line]
    assert lines.pop() == "[DONE]"
    assert {json.loads(line)["system_fingerprint"] for line in lines} == {"stand-in"}


@pytest.mark.parametrize("stream", [False, True])
def test_a_run_of_an_echo_is_marked(served, stream):
    server = served(ECHO)
    found = server.run(stream=stream)
    assert found.headers["x-stand-in"] == "echo"
    assert '"stand_in":"echo"' in found.text
    assert server.metric("stand_in_answers_total") == 1


def test_dummy_is_refused_unless_it_is_switched_on(served):
    found = served(StandInRules()).chat(model="dummy")
    assert (found.status_code, found.json()["error"]["code"]) == (403, "stand_in_refused")
    assert "x-stand-in" not in found.headers
    assert served(StandInRules(allow_dummy=True)).chat(model="dummy").headers["x-stand-in"] == "dummy"


@pytest.mark.parametrize("rules", [StandInRules(mode="block"), StandInRules(allow_dummy=True, lane="nd")])
def test_where_real_models_are_wanted_no_stand_in_answers(served, rules):
    assert served(rules).chat(model="dummy").status_code == 403


def test_an_answer_of_a_model_is_not_marked(server):
    assert "x-stand-in" not in server.chat().headers
    assert "system_fingerprint" not in server.chat().json()


def test_a_stand_in_behind_the_model_is_still_marked(server, model):
    model.answer = lambda body: (
        200,
        {
            "model": "echo",
            "system_fingerprint": "stand-in",
            "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}],
        },
    )
    assert server.chat().json()["system_fingerprint"] == "stand-in"
    assert server.run().headers["x-stand-in"] == "stand-in"


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("", {}),
        ("echo", {"x-stand-in": "echo"}),
        ("\u20ac\r\nx: y", {"x-stand-in": "stand-in"}),
        ("a" * 65, {"x-stand-in": "stand-in"}),
    ],
)
def test_the_name_of_anothers_stand_in_is_only_repeated_as_a_word(name, header):
    assert marked(name) == header

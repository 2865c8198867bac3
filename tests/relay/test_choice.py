from __future__ import annotations

import pytest

from readiness.relay.choice import Choice, choose, server_url
from readiness.relay.identify import Probed

REAL = Probed({"name": "qwen3:0.6b", "digest": "abc"}, ("qwen3:0.6b",))
STAND_IN = Probed({"name": "echo", "digest": ""}, ("echo",), stand_in=True)
DOWN = Probed(problem="does not answer (refused)")


@pytest.fixture
def probe():
    """Answers by base; remembers what was asked."""

    class Probe(dict):
        def __init__(self):
            self.asked = []

        def __call__(self, *question):
            self.asked.append(question)
            return self[question[1]]

    return Probe()


def test_without_a_server_the_embedded_model_answers(probe):
    for environ in ({}, {"OPENAI_API_KEY": "sk-1"}, {"OLLAMA_MODEL": "x"}, {"ND_REAL": "1"}):
        choice = choose(environ, probe)
        assert choice == Choice(None, "", "embedded", "the embedded model: no server is configured")
    assert probe.asked == []


def test_a_configured_ollama_that_proves_itself_is_taken(probe):
    probe["http://127.0.0.1:11434"] = REAL
    environ = {
        "OLLAMA_API_BASE": "http://127.0.0.1:11434/",
        "OLLAMA_MODEL": "qwen3:0.6b",
        "OPENAI_BASE_URL": "http://x",
    }
    choice = choose(environ, probe)
    assert choice.upstream is not None
    assert (choice.upstream.kind, choice.upstream.base, choice.upstream.model) == (
        "ollama",
        "http://127.0.0.1:11434",
        REAL.identity,
    )
    assert (choice.model, choice.source) == ("qwen3:0.6b", "OLLAMA_API_BASE")
    assert probe.asked == [("ollama", "http://127.0.0.1:11434", "qwen3:0.6b", "")]


def test_an_openai_server_is_next_and_gets_its_key(probe):
    probe.update({"http://o:1": DOWN, "http://v:2/v1": REAL})
    environ = {
        "OLLAMA_HOST": "o:1",
        "OPENAI_API_BASE": "http://v:2/v1",
        "OPENAI_API_KEY": "sk-1",
        "READINESS_MODEL": "m",
    }
    choice = choose(environ, probe)
    assert choice.source == "OPENAI_API_BASE"
    assert "passed over OLLAMA_HOST: http://o:1 does not answer" in choice.reason
    assert probe.asked[1] == ("openai", "http://v:2/v1", "m", "sk-1")
    assert "sk-1" not in choice.reason


def test_a_server_that_is_down_is_never_passed_over_in_silence(probe):
    """Row 11: who is replaced is named."""
    probe["http://o:1"] = DOWN
    choice = choose({"OLLAMA_API_BASE": "http://o:1", "ND_REAL": "1"}, probe)
    assert choice.upstream is None
    assert (
        choice.reason
        == "the embedded model; passed over OLLAMA_API_BASE: http://o:1 does not answer (refused)"
    )


def test_a_stand_in_is_taken_as_one_and_never_where_nd_real_forbids_it(probe):
    """Row 26: the switch has an effect."""
    probe["http://o:1"] = STAND_IN
    taken = choose({"OLLAMA_API_BASE": "http://o:1"}, probe)
    assert taken.upstream is not None
    assert taken.upstream.stand_in
    assert "never count" in taken.reason
    for on in ("1", "true", "YES"):
        refused = choose({"OLLAMA_API_BASE": "http://o:1", "ND_REAL": on}, probe)
        assert refused.upstream is None
        assert "ND_REAL forbids" in refused.reason
    assert choose({"OLLAMA_API_BASE": "http://o:1", "ND_REAL": "0"}, probe).upstream is not None


def test_the_embedded_model_can_be_asked_for(probe):
    choice = choose({"READINESS_MODEL": "embedded", "OLLAMA_API_BASE": "http://o:1"}, probe)
    assert (choice.upstream, choice.source) == (None, "embedded")
    assert probe.asked == []


def test_an_address_that_is_none_is_passed_over(probe):
    choice = choose({"OLLAMA_API_BASE": "file:///etc/passwd"}, probe)
    assert choice.upstream is None
    assert "is no http(s) address" in choice.reason
    assert probe.asked == []


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("http://h:1/", "http://h:1"),
        (" h:1 ", "http://h:1"),
        ("https://h/v1", "https://h/v1"),
    ],
)
def test_addresses_as_people_write_them(text, url):
    assert server_url(text) == url

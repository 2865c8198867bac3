from __future__ import annotations

import json

import pytest

from mini_agent.model.base_url import SettingsError
from mini_agent.model.prices import Price
from mini_agent.model.settings import ModelSettings, Upstream

read = ModelSettings.from_environment


def test_nothing_is_set():
    assert read({}) == ModelSettings()


def test_our_own_variables_win():
    environ = {
        "MINI_AGENT_API_BASE": "http://own:1/v1",
        "MINI_AGENT_API_KEY": " own-key\n",
        "MINI_AGENT_MODEL": "own",
        "OLLAMA_API_BASE": "http://ollama:1",
        "OPENAI_BASE_URL": "http://openai:1",
        "OPENAI_API_KEY": "openai-key",
        "OLLAMA_MODEL": "other",
    }
    settings = read(environ)
    assert (settings.base, settings.api_key, settings.model) == ("http://own:1/v1", "own-key", "own")


def test_ollama_comes_before_openai():
    environ = {"OLLAMA_API_BASE": "http://o:1", "OPENAI_BASE_URL": "http://p:1", "OPENAI_API_KEY": "k"}
    settings = read(environ | {"OLLAMA_MODEL": "tiny", "OPENAI_MODEL": "big"})
    assert (settings.base, settings.api_key, settings.model) == ("http://o:1/v1", "", "tiny")


@pytest.mark.parametrize("variable", ["OPENAI_BASE_URL", "OPENAI_API_BASE"])
def test_openai_with_its_key_and_model(variable):
    settings = read({variable: "http://p:1/v1", "OPENAI_API_KEY": "k", "OPENAI_MODEL": "big"})
    assert (settings.base, settings.api_key, settings.model) == ("http://p:1/v1", "k", "big")


def test_a_key_never_goes_to_another_server():
    assert read({"MINI_AGENT_API_BASE": "http://own:1", "OPENAI_API_KEY": "k"}).api_key == ""
    assert read({"OPENAI_API_KEY": "k"}).base == ""


def test_empty_variables_are_not_set():
    environ = {"MINI_AGENT_API_BASE": " ", "OLLAMA_API_BASE": "", "OPENAI_BASE_URL": "http://p:1"}
    assert read(environ).base == "http://p:1/v1"


@pytest.mark.parametrize(
    "variable", ["MINI_AGENT_API_BASE", "OLLAMA_API_BASE", "OPENAI_BASE_URL", "OPENAI_API_BASE"]
)
def test_a_bad_address_names_its_variable(variable):
    with pytest.raises(SettingsError, match=variable):
        read({variable: "ftp://x"})


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "nul\0"])
def test_a_bad_key_is_not_shown(key):
    with pytest.raises(SettingsError, match="MINI_AGENT_API_KEY") as caught:
        read({"MINI_AGENT_API_KEY": key})
    assert key not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "field", "text", "value"),
    [
        ("MINI_AGENT_MODEL_CONNECT_SECONDS", "connect_seconds", "0.5", 0.5),
        ("MINI_AGENT_MODEL_READ_SECONDS", "read_seconds", "7", 7.0),
        ("MINI_AGENT_MODEL_TOTAL_SECONDS", "total_seconds", "9", 9.0),
        ("MINI_AGENT_MODEL_LONGEST_WAIT", "longest_wait", "1", 1.0),
        ("MINI_AGENT_MODEL_TRIES", "tries", "5", 5),
        ("MINI_AGENT_MODEL_CONNECTIONS", "connections", "12", 12),
    ],
)
def test_numbers(variable, field, text, value):
    assert getattr(read({variable: text}), field) == value
    assert getattr(read({variable: " "}), field) == getattr(ModelSettings(), field)
    for bad in ("0", "-1", "nan", "inf", "many", "1e999", "٣.٥x"):
        with pytest.raises(SettingsError, match=variable):
            read({variable: bad})


def test_fallbacks_by_name():
    environ = {
        "MINI_AGENT_API_BASE": "http://h:1",
        "MINI_AGENT_API_KEY": "k",
        "MINI_AGENT_FALLBACKS": "a, b:7b ,",
    }
    assert read(environ).fallbacks == (
        Upstream("http://h:1/v1", "k", "a"),
        Upstream("http://h:1/v1", "k", "b:7b"),
    )


def test_fallbacks_elsewhere_get_their_own_key_or_none():
    listed = [
        {"model": "a", "base": "http://other:1"},
        {"model": "b", "base": "http://third:1", "key_env": "THIRD"},
        {"base": "http://h:1/v1"},
        {"model": "d"},
    ]
    environ = {"MINI_AGENT_API_BASE": "http://h:1", "MINI_AGENT_API_KEY": "k", "THIRD": "t"}
    assert read(environ | {"MINI_AGENT_FALLBACKS": json.dumps(listed)}).fallbacks == (
        Upstream("http://other:1/v1", "", "a"),
        Upstream("http://third:1/v1", "t", "b"),
        Upstream("http://h:1/v1", "k", ""),
        Upstream("http://h:1/v1", "k", "d"),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "no JSON"),
        ("[3]", r"\[0\] must be an object"),
        ('[{"model": 3}]', r"\[0\] must be an object"),
        ('[{"model": "a"}, {"modle": "b"}]', r"\[1\] has 'modle'"),
        ("[{}]", "neither a model nor a base"),
        ('[{"model": "a", "key_env": "NOT_SET"}]', "NOT_SET, which is not set"),
        ('[{"model": "a", "base": "x"}]', r"\[0\]\.base"),
    ],
)
def test_bad_fallbacks(text, said):
    with pytest.raises(SettingsError, match=said):
        read({"MINI_AGENT_API_BASE": "http://h:1", "MINI_AGENT_FALLBACKS": text})


def test_fallbacks_by_name_need_a_server():
    with pytest.raises(SettingsError, match="MINI_AGENT_FALLBACKS"):
        read({"MINI_AGENT_FALLBACKS": "a"})


def test_prices_are_read(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text('{"models": {"m": {"prompt": 1, "completion": 2}}}')
    assert read({"MINI_AGENT_PRICES": str(path)}).prices == {"m": Price(1e-6, 2e-6)}

from __future__ import annotations

import pytest

from readiness.relay.identify import identify, pick

TAGS = {
    "models": [
        {"name": "smol:latest", "digest": "abc", "details": {"family": "llama"}},
        {"name": "big:1b", "digest": "def"},
    ]
}


@pytest.fixture
def ollama(serve):
    def start(headers=None, **changes):
        answers = {
            "/api/version": {"version": "0.9.1"}, "/api/tags": TAGS,
            "/api/show": {"details": {"quantization_level": "Q4_K_M", "family": "llama", "parameter_size": "135M"}}, **changes,
        }  # fmt: skip
        return serve(
            lambda path, _body: (200, headers or {}, answers[path]) if path in answers else (404, {}, {})
        )

    return start


def test_an_ollama_proves_itself(ollama):
    found = identify("ollama", ollama(), "smol")
    assert found.problem == ""
    assert found.identity == {
        "name": "smol:latest", "digest": "abc", "quantisation": "Q4_K_M", "family": "llama", "parameter_size": "135M",
        "server": "ollama", "server_version": "0.9.1",
    }  # fmt: skip
    assert not found.stand_in


@pytest.mark.parametrize(
    ("model", "changes", "problem"),
    [
        ("absent", {}, "does not hold absent; it holds smol:latest, big:1b"),
        ("", {}, "holds several models and none is named"),
        ("smol", {"/api/version": []}, "is no Ollama"),
        ("smol", {"/api/tags": {"models": []}}, "holds no model"),
        ("smol", {"/api/tags": {"models": [{"name": "smol"}]}}, "names no digest"),
    ],
)
def test_one_that_does_not_is_refused(ollama, model, changes, problem):
    found = identify("ollama", ollama(**changes), model)
    assert problem in found.problem
    assert not found.identity


def test_whatever_answers_on_the_port_is_no_ollama(serve):
    """Row 9: an answer is not an identity."""
    assert (
        "is no Ollama"
        in identify("ollama", serve(lambda _path, _body: (200, {}, [b"hello"])), "smol").problem
    )


def test_nobody_there():
    for kind in ("ollama", "openai"):
        assert identify(kind, "http://127.0.0.1:9", "m").problem.startswith(
            "does not answer (http://127.0.0.1:9"
        )


def test_a_stand_in_says_so(ollama, serve):
    assert identify("ollama", ollama(headers={"X-Stand-In": "echo"}), "smol").stand_in
    owned = {"data": [{"id": "echo", "owned_by": "stand-in"}]}
    assert identify("openai", serve(lambda _path, _body: (200, {}, owned)), "").stand_in


@pytest.mark.parametrize(("suffix", "prefix"), [("", "/v1"), ("/v1", "/v1"), ("", "")])
def test_an_openai_server_is_found_with_or_without_v1(serve, suffix, prefix):
    def answer(path, _body):
        return (
            (200, {"Server": "vllm"}, {"data": [{"id": "tiny"}]})
            if path == f"{prefix}/models"
            else (404, {}, {})
        )

    found = identify("openai", serve(answer) + suffix, "tiny", "sk-1")
    assert (found.problem, found.identity["name"]) == ("", "tiny")


def test_an_openai_server_without_models(serve):
    found = identify("openai", serve(lambda _path, _body: (401, {}, {})), "tiny")
    assert "does not list its models: /v1/models answers 401" in found.problem


def test_a_single_model_needs_no_name():
    assert pick("", ("a",)) == ("a", "")
    assert pick("a", ("a:latest",), ("a:latest",)) == ("a:latest", "")

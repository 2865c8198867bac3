"""`readiness model …`: exit codes and messages. What needs the engine is in tests/e2e/models."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import pytest

from readiness.models import commands


@pytest.fixture(autouse=True)
def _empty_shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READINESS_MODEL_DIR", str(tmp_path / "shelf"))


def test_list_says_what_is_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.list_models([]) == 0
    assert "smollm2:135m" in (out := capsys.readouterr().out)
    assert "not pulled" in out
    assert commands.list_models(["--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["here"], len(row["sha256"])) == (False, 64)


def test_pull_of_an_unknown_name_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.pull(["gpt-5"]) == 2
    assert "there is: smollm2:135m" in capsys.readouterr().err


def test_show_identifies_a_file(gguf_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.show([str(gguf_file)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["quantisation"], found["path"]) == ("toy", "Q4_1", str(gguf_file))


@pytest.mark.parametrize("command", [commands.show, commands.serve])
def test_without_the_model_the_next_step_is_named(
    command: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command([]) == 1  # type: ignore[operator]
    assert "get it with `readiness model pull smollm2:135m`" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments", [["--port", "70000"], ["--slots", "0"], ["--keep-alive", "soon"], ["--nothing"]]
)
def test_wrong_arguments_are_usage_errors(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        commands.serve(arguments)
    assert left.value.code == 2


def test_a_broken_file_is_refused_before_anything_is_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvicorn", reason="the [model] extra is not installed")
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"not a model")
    assert commands.serve(["--model", str(path), "--port", "0"]) == 1
    assert "not a usable GGUF file" in capsys.readouterr().err


def test_a_port_that_is_taken_is_said(gguf_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("uvicorn", reason="the [model] extra is not installed")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert commands.serve(["--model", str(gguf_file), "--port", port]) == 1
    assert f"127.0.0.1:{port}: cannot listen" in capsys.readouterr().err


def test_without_the_extra_its_name_is_given(
    gguf_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    monkeypatch.delitem(sys.modules, "readiness.models.serve", raising=False)
    assert commands.serve(["--model", str(gguf_file)]) == 1
    assert "pip install 'readiness[model]'" in capsys.readouterr().err


def test_without_the_engine_its_name_is_given(
    gguf_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("uvicorn", reason="the [model] extra is not installed")
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    monkeypatch.setenv("GOMP_SPINCOUNT", "what serving sets for this process")
    assert commands.serve(["--model", str(gguf_file), "--port", "0"]) == 1
    assert "pip install 'readiness[model]'" in capsys.readouterr().err

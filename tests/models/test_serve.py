"""What is settled before a model is loaded: the socket, the pin, the context, and who may ask."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("uvicorn", reason="the [model] extra is not installed")

from readiness.models import serve
from readiness.models.catalogue import DEFAULT
from readiness.models.failure import ModelError
from readiness.models.identity import digest_of
from readiness.models.serve import ServeSettings, listening, served_from


def test_a_free_port_is_handed_out_on_loopback() -> None:
    with listening("127.0.0.1", 0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        assert port > 0


def test_its_connections_do_not_hold_small_answers_back() -> None:
    with listening("127.0.0.1", 0) as listener:
        assert listener.proto == socket.IPPROTO_TCP


def test_nobody_can_connect_before_the_model_is_loaded() -> None:
    with listening("127.0.0.1", 0) as listener, pytest.raises(ConnectionRefusedError):
        socket.create_connection(listener.getsockname(), timeout=2)


def test_a_host_that_is_none_is_refused() -> None:
    with pytest.raises(ModelError, match="no address to listen on"), listening("no such host", 0):
        pass


def test_the_pin_is_checked_each_time_a_model_is_served(gguf_file: Path) -> None:
    pinned = replace(DEFAULT, sha256=digest_of(str(gguf_file)))
    served = served_from(ServeSettings(str(gguf_file), "toy", pinned))
    assert served.answers_to("smollm2")
    assert served.licence == "Apache-2.0"
    with pytest.raises(ModelError, match="its SHA-256 is not the pinned one"):
        served_from(ServeSettings(str(gguf_file), "toy", DEFAULT))


def test_no_more_context_than_the_model_was_trained_for(gguf_file: Path) -> None:
    assert served_from(ServeSettings(str(gguf_file), "toy", context=100_000)).context == 4096
    assert served_from(ServeSettings(str(gguf_file), "toy", context=512)).context == 512


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", frozenset()),
        ("localhost", frozenset()),
        ("::1", frozenset()),
        ("0.0.0.0", None),
        ("model", None),
    ],
)
def test_the_host_header_counts_only_on_loopback(host: str, allowed: frozenset[str] | None) -> None:
    assert serve._allowed(ServeSettings("x", "toy", host=host)) == allowed


def test_an_own_name_replaces_the_files(gguf_file: Path) -> None:
    served = served_from(ServeSettings(str(gguf_file), "mine"))
    assert served.answers_to("MINE:latest")
    assert not served.answers_to("toy")
    assert not served.turns.loaded

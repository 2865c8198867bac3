from __future__ import annotations

import pytest

from readiness.relay.shapes import Shape, shape_of


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/v1/chat/completions", Shape.CHAT),
        ("/openai/deployments/x/chat/completions", Shape.CHAT),
        ("//v1/chat/completions/", Shape.CHAT),
        ("/completions", Shape.COMPLETIONS),
        ("/v1/responses", Shape.RESPONSES),
        ("/v1/embeddings", Shape.EMBEDDINGS),
        ("/v1/messages", Shape.MESSAGES),
        ("/messages", Shape.MESSAGES),
        ("/api/chat", Shape.OLLAMA_CHAT),
        ("/api/generate", Shape.OLLAMA_GENERATE),
        ("/api/embed", Shape.OLLAMA_EMBED),
        ("/api/embeddings", Shape.OLLAMA_EMBED),
        ("/v1/threads/t1/messages", Shape.OTHER),
        ("/v1/messages/count_tokens", Shape.OTHER),
        ("/v1/responses/r1/cancel", Shape.OTHER),
        ("/v1/models", Shape.OTHER),
        ("/api/pull", Shape.OTHER),
        ("", Shape.OTHER),
    ],
)
def test_the_path_tells_the_shape(path, shape):
    assert shape_of("POST", path) is shape
    assert shape_of("GET", path) is Shape.OTHER

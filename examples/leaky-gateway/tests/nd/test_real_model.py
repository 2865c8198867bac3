"""A real model answers. Under `readiness run` the variables lead to a relay that counts the calls."""

from __future__ import annotations

import json
import os
import urllib.request


def test_the_model_answers_a_question():
    question = {
        "model": os.environ["OLLAMA_MODEL"],
        "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "options": {"num_predict": 12, "seed": int(os.environ.get("READINESS_SEED", "1")) % (1 << 31)},
        "stream": False,
    }
    request = urllib.request.Request(
        f"{os.environ['OLLAMA_API_BASE']}/api/chat",
        json.dumps(question).encode(),
        {"content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as reply:
        answer = json.load(reply)["message"]["content"]
    assert answer.strip()

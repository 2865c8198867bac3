from __future__ import annotations

from readiness.relay import secrets_seen as module
from readiness.relay.secrets_seen import SecretsSeen

KEY = "Zq81vLw02mXy77"


def test_what_passes_is_learnt():
    seen = SecretsSeen({})
    assert seen.redactor.text(f"x {KEY} y") == f"x {KEY} y"
    seen.learn(
        [("Authorization", f"Bearer {KEY}"), ("Cookie", "id=Ab12Cd34Ef56; theme=dark")],
        "key=Kw99Kw88Kw77&a=1",
    )
    shown = seen.redactor.text(f"{KEY} Ab12Cd34Ef56 Kw99Kw88Kw77 dark")
    assert shown == "[redacted:value] [redacted:value] [redacted:value] dark"


def test_a_key_that_is_a_plain_word_blacks_nothing_out():
    seen = SecretsSeen({})
    seen.learn([("Authorization", "Bearer ollama"), ("x-api-key", "EMPTY")], "")
    assert seen.redactor.text("ollama said EMPTY") == "ollama said EMPTY"


def test_json_is_cleaned_in_all_its_texts():
    seen = SecretsSeen({"OPENAI_API_KEY": KEY})
    data = {"a": [f"x{KEY}", 1, None], KEY: {"b": KEY}}
    assert KEY not in repr(seen.clean(data))
    assert seen.clean([1, True, None, "plain"]) == [1, True, None, "plain"]


def test_what_is_remembered_stays_small_and_the_environments_own_stay(monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    seen = SecretsSeen({"OPENAI_API_KEY": KEY})
    for number in range(9):
        seen.learn([("Authorization", f"Bearer Zk{number}Zk{number}Zk{number}Zk")], "")
    assert seen.redactor.text(f"{KEY} Zk8Zk8Zk8Zk") == "[redacted:value] [redacted:value]"
    assert "Zk0" in seen.redactor.text("Zk0Zk0Zk0Zk")

"""The model answers at all, says what that cost, and names itself."""

from __future__ import annotations


def test_an_answer_with_its_price(ask):
    answer = ask("What is the capital of France?", temperature=0, seed=1)
    assert answer["choices"][0]["message"]["content"].strip()
    usage = answer["usage"]
    assert usage["prompt_tokens"] > 0
    assert usage["completion_tokens"] > 0
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_stream_says_the_same_as_the_whole(ask, stream):
    question = {"question": "Count from one to five.", "temperature": 0, "seed": 7}
    whole = ask(**question)["choices"][0]["message"]["content"]
    chunks = list(stream(**question))
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks if chunk["choices"])
    assert len(chunks) > 2
    assert text == whole

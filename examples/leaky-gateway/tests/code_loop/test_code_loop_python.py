"""The code of an answer is found whole."""

from __future__ import annotations

from leaky_gateway.code_loop import code_blocks


def test_the_code_of_an_answer():
    assert code_blocks("So:\n```python\nprint(1)\n```\ndone") == ["print(1)"]


def test_an_answer_without_code():
    assert code_blocks("I do not know.") == []

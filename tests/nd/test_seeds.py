"""It is a real, noisy model: a seed repeats its answer, another seed gives another one."""

from __future__ import annotations


def said(answer) -> str:
    return answer["choices"][0]["message"]["content"]


def test_a_seed_repeats_its_answer(ask):
    question = "Write one sentence about the sea."
    first, second = (said(ask(question, temperature=0.9, seed=42)) for _ in range(2))
    assert first == second


def test_other_seeds_give_other_answers(ask):
    question = "Write one sentence about the sea."
    assert len({said(ask(question, temperature=0.9, seed=seed)) for seed in range(4)}) > 1

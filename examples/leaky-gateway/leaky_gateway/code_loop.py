"""Finds the Python that a model wrote in its answer."""

from __future__ import annotations

FENCE = "```"


def code_blocks(answer: str) -> list[str]:
    pieces = answer.split(FENCE)[1::2]
    return [piece.removeprefix("python").strip() for piece in pieces]

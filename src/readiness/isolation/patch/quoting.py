"""Source that Python writes, in the quotes that most formatters leave."""

from __future__ import annotations

import re

_SINGLE = re.compile(r"'([^'\"\\]*)'")


def double_quoted(text: str) -> str:
    """`'x'` as `"x"`, where that changes nothing else."""
    return text if '"' in text else _SINGLE.sub(r'"\1"', text)

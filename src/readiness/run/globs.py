"""Globs over relative paths: `*` stays within a folder, `**` crosses folders, `?` is one character."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that ends in `/` or `/**` means everything below that folder."""
    if pattern.endswith("/"):
        pattern += "**"
    parts: list[str] = []
    index = 0
    while index < len(pattern):
        if pattern.startswith("**/", index):
            parts.append("(?:.*/)?")
            index += 3
        elif pattern.startswith("**", index):
            parts.append(".*")
            index += 2
        else:
            parts.append({"*": "[^/]*", "?": "[^/]"}.get(pattern[index]) or re.escape(pattern[index]))
            index += 1
    return re.compile("".join(parts), re.DOTALL)


def matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether any of the patterns matches the whole path."""
    return any(compiled(pattern).fullmatch(path) for pattern in patterns)

"""Texts before and after as one unified diff that `git apply` and `patch -p1` take."""

from __future__ import annotations

import difflib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def unified(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """The diff of every file in `after` that differs; paths are relative to the project's root, with `/`."""
    return "".join(line for path in sorted(after) for line in _file(path, before[path], after[path]))


def _file(path: str, old: bytes, new: bytes) -> Iterator[str]:
    lines = difflib.unified_diff(_lines(old), _lines(new), f"a/{path}", f"b/{path}")
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[str]:
    """Split at line feeds alone, as patch does."""
    pieces = data.decode().split("\n")
    return [f"{one}\n" for one in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])

"""Places in an edited file, as places in the file before it was edited."""

from __future__ import annotations

from difflib import SequenceMatcher

from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.isolation.patch.files import Files
    from readiness.record.finding import Cause


def in_original(cause: Cause, texts: Mapping[str, bytes], files: Files) -> Cause:
    """A cause that was found with `texts` in place, with its lines as they are in the project."""

    def moved(place: str) -> str:
        path, _, line = place.rpartition(":")
        source = files.read(path) if path in texts else None
        return f"{path}:{original_line(source.data, texts[path], int(line))}" if source else place

    return replace(cause, where=moved(cause.where), stack=tuple(map(moved, cause.stack)))


def original_line(before: bytes, after: bytes, line: int) -> int:
    """The line of `before` that stands at `line` of `after`; of a line that is new, the one that it stands behind."""
    matcher = SequenceMatcher(None, before.splitlines(), after.splitlines(), autojunk=False)
    nearest = 1
    for block in matcher.get_matching_blocks():
        if block.b <= line - 1 < block.b + block.size:
            return block.a + line - block.b
        if block.size and block.b < line:
            nearest = block.a + block.size
    return nearest

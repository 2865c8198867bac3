"""A verified diff as replacements of whole lines, where it only changes files that are there."""

from __future__ import annotations

import re

from readiness.report.sarif.places import artifact, place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Final

    from readiness.record.finding import Patch

HUNK: Final = r"@@ -([1-9]\d{0,8})(?:,[1-9]\d{0,8})? \+\d{1,9}(?:,\d{1,9})? @@"
"""Of a hunk that has lines of the old file, so that its place is sure."""

Replacement = tuple[int, int, list[str]]
"""The first line that goes, how many go, and what comes in their place."""


class _NotSimple(Exception):
    """The diff makes, removes or renames a file, or is none."""


def fix(patch: Patch) -> dict[str, Any] | None:
    """SARIF's `fix`; None for a diff that was not verified or does more than change lines."""
    if not patch.verified:
        return None
    try:
        changed = list(_files(patch.diff))
    except _NotSimple:
        return None
    changes = [
        {"artifactLocation": artifact(path), "replacements": [_replacement(*one) for one in replaced]}
        for path, replaced in changed
        if replaced
    ]
    text = "Undo the change when the test is over; verified by a run of the whole suite."
    return {"description": {"text": text}, "artifactChanges": changes} if changes else None


def _replacement(first: int, gone: int, lines: list[str]) -> dict[str, Any]:
    region = {"startLine": first, "startColumn": 1, "endLine": first + gone, "endColumn": 1}
    return {"deletedRegion": region, "insertedContent": {"text": "".join(f"{line}\n" for line in lines)}}


def _files(diff: str) -> Iterator[tuple[str, list[Replacement]]]:
    """Raises _NotSimple."""
    files = re.split(r"^(?=--- )", diff, flags=re.MULTILINE)
    if len(files) < 2:
        raise _NotSimple
    for file in files[1:]:
        head, _, rest = file.partition("\n")
        into, _, body = rest.partition("\n")
        old, new = head.removeprefix("--- a/"), into.removeprefix("+++ b/")
        path = place(old.partition("\t")[0])[0]
        if head == old or into == new or old != new or not path:
            raise _NotSimple
        yield path, list(_hunks(body))


def _hunks(body: str) -> Iterator[Replacement]:
    at = 0
    gone = 0
    come: list[str] = []
    for line in [*body.removesuffix("\n").split("\n"), "@@"]:
        sign, text = line[:1], line[1:]
        if sign == "-" and at:
            gone += 1
        elif sign == "+" and at:
            come.append(text)
        else:
            if gone or come:
                yield at, gone, come
            at = _after(line, at + gone)
            gone, come = 0, []


def _after(line: str, at: int) -> int:
    """The line of the old file that stands after this line of the diff."""
    if match := re.match(HUNK, line):
        return int(match[1])
    if at and line[:1] in (" ", ""):
        return at + 1
    if line == "@@":
        return 0
    raise _NotSimple

"""A verified patch made in the project itself: exactly the files that the suite ran with, or nothing."""

from __future__ import annotations

import os

from readiness.record.write_aside import write_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class ApplyError(Exception):
    """The patch was not applied; the message says why."""


def apply(root: str, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> None:
    """Write `after` where `before` still stands; paths are relative to `root`. Each file is replaced in one step.

    Raises ApplyError, with nothing written, when a file has changed since; and when one cannot be written, naming
    those that were.
    """
    paths = {path: os.path.realpath(os.path.join(root, path)) for path in after}
    for path, absolute in paths.items():
        if _content(absolute) != before[path]:
            raise ApplyError(
                f"{path} has changed since the patch was verified; nothing was applied, run it again"
            )
    written: list[str] = []
    for path, absolute in paths.items():
        try:
            mode = os.stat(absolute).st_mode & 0o7777
            write_aside(absolute, after[path])
            os.chmod(absolute, mode)
        except OSError as error:
            done = f"; written already: {', '.join(written)}" if written else "; nothing was applied"
            raise ApplyError(f"{path}: {error.strerror}{done}") from error
        written.append(path)


def _content(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None

"""What git knows: a file as it was, and the commit that a line came with. Nothing outside a checkout."""

from __future__ import annotations

import os
import time

from readiness.review.places import split_place
from readiness.review.sources import Committed
from readiness.run.capture import capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NOBODY = "0" * 40
"""The commit of a line that is not committed yet."""


class Git:
    """Asks git about the checkout that `root` lies in."""

    def __init__(self, root: str, environ: Mapping[str, str]) -> None:
        self._root = root
        self._environ = {**environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}

    def ask(self, *words: str) -> bytes | None:
        """What git prints; None when it cannot answer, or is not there."""
        try:
            code, output = capture(("git", "--literal-pathspecs", "-C", self._root, *words), self._environ)
        except (OSError, ValueError):
            # No git, or a path that cannot be one (a NUL in it, say).
            return None
        return None if code else output

    def blob(self, hash_: str) -> bytes | None:
        return self.ask("cat-file", "blob", hash_) if _is_hash(hash_) else None

    def file_at(self, commit: str, path: str) -> bytes | None:
        return self.ask("cat-file", "blob", f"{commit}:./{path}") if _is_hash(commit) else None

    def has(self, commit: str) -> bool:
        return _is_hash(commit) and self.ask("cat-file", "-e", f"{commit}^{{commit}}") is not None

    def blame(self, place: str) -> Committed | None:
        """The commit that the line came with, as it stands now; None where it is not committed."""
        path, line = split_place(place)
        said = self.ask("blame", "--porcelain", "-L", f"{line},{line}", "--", path) if line else None
        return _read_blame(said.decode("utf-8", "replace")) if said else None


def _is_hash(text: str) -> bool:
    return len(text) in (40, 64) and all(letter in "0123456789abcdef" for letter in text)


def _read_blame(said: str) -> Committed | None:
    lines = said.split("\n")
    commit = lines[0].partition(" ")[0]
    known = dict(line.split(" ", 1) for line in lines[1:] if " " in line and not line.startswith("\t"))
    if commit == NOBODY or not known.get("committer-time", "").isdecimal():
        return None
    epoch = int(known["committer-time"])
    return Committed(commit, time.strftime("%Y-%m-%d", time.gmtime(epoch)), epoch)


def decoded(data: bytes) -> tuple[str, ...]:
    """The lines of a file, as editors count them."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return tuple(text.removesuffix("\n").split("\n")) if text else ()


def read_file(root: str, path: str, most: int) -> bytes | None:
    """A file inside the project; None for what is not there, no file, larger than `most` bytes, or lies outside."""
    try:
        full = os.path.realpath(os.path.join(root, path))
        if os.path.isabs(path) or not full.startswith(os.path.join(os.path.realpath(root), "")):
            return None
        if not os.path.isfile(full) or os.path.getsize(full) > most:
            return None
        with open(full, "rb") as file:
            return file.read()
    except (OSError, ValueError):
        return None

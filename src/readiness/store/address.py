"""Where a history is kept: a file of the project by default, or a PostgreSQL database that a URL names."""

from __future__ import annotations

import os
import re

from readiness.gate.settings import UsageError
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

VARIABLE: Final = "READINESS_HISTORY"
PATH: Final = ".readiness/history.sqlite"
POSTGRESQL: Final = ("postgresql://", "postgres://")


class HistoryError(UsageError):
    """The history cannot be opened, read or written; the message says which one, why, and what to do."""


@value
class Address:
    """`place` is an absolute path, or the URL; `shown` is that without its password, for messages."""

    place: str
    shown: str
    is_file: bool


def address_of(given: str, root: str) -> Address:
    """Read what `--store` or READINESS_HISTORY names; nothing is the project's own file.

    A path counts from the project's root. Raises HistoryError for a URL of another kind.
    """
    if given.startswith(POSTGRESQL):
        return Address(given, _without_password(given), is_file=False)
    path = given.removeprefix("sqlite:///") if given.startswith("sqlite:///") else given
    if "://" in path or "\0" in path:
        raise HistoryError(
            f"{_without_password(path)!r} is no place for a history; "
            "give a path, or postgresql://USER@HOST/DATABASE"
        )
    return Address(os.path.join(root, path or PATH), path or PATH, is_file=True)


def _without_password(url: str) -> str:
    """The URL, safe to show: no password of the user, and no parameter that holds one."""
    bare = re.sub(r"(?<=://)([^/?#@]*?):[^/?#]*@", r"\1@", url)
    return re.sub(r"(?i)((?:ssl)?password=)[^&#]*", r"\1…", bare)

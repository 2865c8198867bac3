"""Private homes for hermetic checks, each with a temporary folder in it, used again when a check left them empty."""

from __future__ import annotations

import os

from readiness.run.environment import TEMPORARY
from readiness.run.removal import remove_tree


class Homes:
    """Folders below `scratch`. No check sees what another left: a home in which anything lies is removed."""

    def __init__(self, scratch: str) -> None:
        self._scratch = scratch
        self._empty: list[str] = []
        self._made = 0

    def take(self) -> str:
        """An empty home. Raises OSError when none can be made."""
        if self._empty:
            return self._empty.pop()
        home = os.path.join(self._scratch, str(self._made))
        self._made += 1
        os.mkdir(home, mode=0o700)
        os.mkdir(os.path.join(home, TEMPORARY), mode=0o700)
        return home

    def give_back(self, home: str) -> None:
        """Take a home back after its check. Raises OSError when what lies in it cannot be removed."""
        if _is_as_made(home):
            self._empty.append(home)
        else:
            remove_tree(home)


def _is_as_made(home: str) -> bool:
    temporary = os.path.join(home, TEMPORARY)
    try:
        return (
            os.listdir(home) == [TEMPORARY]
            and not os.path.islink(temporary)
            and os.listdir(temporary) == []
            and os.stat(home).st_mode & 0o777 == os.stat(temporary).st_mode & 0o777 == 0o700
        )
    except OSError:
        # The check removed or locked it: a new one is made for the next.
        return False

"""What a command comes to, as values: the programs it calls, and where a failure of one of them goes.

Slotted classes, not dataclasses: every run reads its commands, and defining one dataclass costs more time
than reading them. Treat them as read-only once they have been handed out.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

IGNORED: Final = "ignored"
"""Thrown away on purpose: `|| true`, `exit 0`, `-` before a recipe line."""
OVERTAKEN: Final = "overtaken"
"""Another command runs after it and leaves its own status."""
PIPED: Final = "piped"
"""Piped into something whose status counts instead."""
BACKGROUND: Final = "background"
POWERLESS: Final = "powerless"
"""An option keeps the program from judging anything: `--collect-only`, `--exit-zero`."""


class Loss:
    """Where a failure is thrown away: one of the kinds above, in words, and the place; lines count from 1."""

    __slots__ = ("file", "how", "kind", "line")

    def __init__(self, kind: str, how: str, file: str, line: int) -> None:
        self.kind = kind
        self.how = how
        self.file = file
        self.line = line

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"


class Call:
    """One program that a command runs.

    `words` are the program and its arguments, without wrappers such as `env`, `timeout` or `uv run`, and
    with `python -m pytest` as `pytest`. `env` holds the variables set for it alone. `cwd` is relative to
    the project's root. `loss` is None when its failure reaches whoever started the command. `tested`
    names the variables that it looks at, when it is a `[` or `test`. `opened` is True when it is a make
    target or script whose own calls were read too. `leaves` is for the reader's own use.
    """

    __slots__ = ("cwd", "env", "file", "leaves", "line", "loss", "opened", "source", "tested", "words")

    def __init__(
        self,
        words: tuple[str, ...],
        *,
        env: tuple[tuple[str, str], ...] = (),
        cwd: str = ".",
        file: str = "",
        line: int = 1,
        source: str = "",
        tested: tuple[str, ...] = (),
    ) -> None:
        self.words = words
        self.env = env
        self.cwd = cwd
        self.file = file
        self.line = line
        self.source = source or " ".join(words)
        self.tested = tested
        self.loss: Loss | None = None
        self.opened = False
        self.leaves = False

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}"

    def __repr__(self) -> str:
        lost = f", lost: {self.loss.how}" if self.loss else ""
        return f"Call({self.source!r} at {self.where}{lost})"


class Trace:
    """A whole command: its calls in the order they are written, those inside make targets and scripts too.

    `can_fail` is False when no call's failure can reach whoever started it. `unread` says why the
    text could not be read as a shell command; then there are no calls and it counts as able to fail.
    `missing` holds make targets and npm scripts that are called and not there: what, and who calls it.
    """

    __slots__ = ("calls", "can_fail", "missing", "unread")

    def __init__(
        self,
        calls: tuple[Call, ...],
        can_fail: bool = True,
        unread: str = "",
        missing: tuple[tuple[str, Call], ...] = (),
    ) -> None:
        self.calls = calls
        self.can_fail = can_fail
        self.unread = unread
        self.missing = missing

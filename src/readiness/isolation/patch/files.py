"""The project as the makers of edits see it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.isolation.patch.source import Source
    from readiness.record.finding import Cause


class Files:
    """The project's files, parsed when they are asked for, and the names of its modules.

    `read` answers None for what is not in the project, and raises Unreadable for what cannot be parsed.
    """

    def __init__(self, read: Callable[[str], Source | None], is_module: Callable[[str], bool]) -> None:
        self.read = read
        self.is_module = is_module


def file_of(cause: Cause) -> str:
    """The file of the test or fixture that leaks: that of the outermost known line, else what its name says."""
    if cause.kind == "fixture" and cause.exact:
        return (cause.stack or (cause.where,))[-1].rpartition(":")[0]
    return cause.polluter.partition("[")[0].partition("::")[0]

"""Where in the user's own code something happened."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Optional

_FOREIGN_FOLDERS = ("site-packages", "dist-packages")
_CHAIN_LIMIT = 20


class Places:
    """Paths and lines relative to `root`, the root folder of a pytest run."""

    def __init__(self, root: str) -> None:
        self.root = root
        self._real_root = os.path.realpath(root)
        self._not_the_users = tuple(
            os.path.join(folder, "")
            for folder in (sys.prefix, sys.base_prefix, os.path.dirname(os.__file__))
            if folder and not os.path.join(self._real_root, "").startswith(os.path.join(folder, ""))
        )

    def relative(self, path: str) -> str:
        """`path` seen from the root, with `/`; as it is when it lies outside."""
        for root in (self.root, self._real_root):
            if path.startswith(os.path.join(root, "")):
                return os.path.relpath(path, root).replace(os.sep, "/")
        return path

    def is_users(self, path: str) -> bool:
        """True for a file below the root that is no part of an installed environment."""
        absolute = os.path.abspath(path) if path and not path.startswith("<") else ""
        if not absolute or os.path.isabs(self.relative(absolute)) or absolute.startswith(self._not_the_users):
            return False
        return not any(folder in absolute.split(os.sep) for folder in _FOREIGN_FOLDERS)

    def at(self, path: str, line: Optional[int]) -> str:
        """`path:line`, or the path alone for a line that is not known."""
        shown = self.relative(os.path.join(self.root, path))
        return shown if line is None else f"{shown}:{line}"

    def of_exception(self, error: Optional[BaseException]) -> str:
        """`path:line` of the deepest of the user's lines that the exception passed; empty when there is none.

        pytest wraps what goes wrong in an import, so an exception that never was in the user's code speaks
        for its cause.
        """
        for _ in range(_CHAIN_LIMIT):
            if error is None:
                return ""
            where = self._of_syntax_error(error) or self.of_traceback(error.__traceback__)
            if where:
                return where
            error = error.__cause__ or error.__context__
        return ""

    def of_traceback(self, traceback: Optional[TracebackType]) -> str:
        """As `of_exception`, of one traceback. Frames that hide from pytest's tracebacks are passed over."""
        shown, hidden = "", ""
        while traceback is not None:
            frame = traceback.tb_frame
            if self.is_users(frame.f_code.co_filename):
                place = self.at(frame.f_code.co_filename, traceback.tb_lineno)
                if frame.f_locals.get("__tracebackhide__") is True:
                    hidden = place
                else:
                    shown = place
            traceback = traceback.tb_next
        return shown or hidden

    def _of_syntax_error(self, error: BaseException) -> str:
        if isinstance(error, SyntaxError) and error.filename and self.is_users(error.filename):
            return self.at(error.filename, error.lineno)
        return ""

"""Assertion errors that never became a failure: turned into a skip, or caught so that the test passed.

The skip: `pytest.skip` raised while an AssertionError of the user's code was being handled; Python keeps
that error as the skip's context. The pass: pytest's rewritten `assert` calls one function when it fails, and
only then, so noticing costs nothing while assertions hold; what caught it is read from the source (see
`handlers`). Asserts that pytest does not rewrite, and unittest's `self.assert...`, are not noticed that way.
"""

from __future__ import annotations

import ast
import itertools
import os
import sys
from typing import TYPE_CHECKING

from readiness_probe.evidence import MESSAGE_LIMIT, said_by, shortened
from readiness_probe.handlers import IN_DOUBT, PASSES_ON, swallowed_at

if TYPE_CHECKING:
    from types import FrameType
    from typing import Any, Callable, Dict, List, Optional, Tuple

    from readiness_probe.places import Places

    Call = Tuple[str, int, str]
    """File, line and function name of one frame."""
    Noticed = Tuple[str, List[Call]]
    """What an assertion said, and the frames it was raised through, innermost first, whoever's code they run."""

_CHAIN_LIMIT = 50
_NOTICED_LIMIT = 50
_DEPTH_LIMIT = 30


def into_a_skip(skip: BaseException, places: Places) -> Optional[Dict[str, str]]:
    """The AssertionError of the user's code that `skip` was raised in handling, if there is one."""
    error = skip.__cause__ or skip.__context__
    for _ in range(_CHAIN_LIMIT):
        if error is None:
            return None
        where = places.of_traceback(error.__traceback__) if isinstance(error, AssertionError) else ""
        if where:
            return {"how": "skip", "message": shortened(said_by(error), MESSAGE_LIMIT), "where": where}
        error = error.__cause__ or error.__context__
    return None


class AssertionWatch:
    """Notices the failing rewritten asserts of the test that runs now."""

    def __init__(self, places: Places, problem: Callable[[Exception], None]) -> None:
        self._places = places
        self._problem = problem
        self.noticed: List[Noticed] = []
        self._trees: Dict[str, Optional[ast.Module]] = {}
        self._original: Optional[Callable[[str], str]] = None

    def install(self) -> None:
        """Wrap the function that words a failing assert. Without it (another pytest), nothing is noticed."""
        rewrite = _rewriting()
        original = self._original = getattr(rewrite, "_format_explanation", None)
        if original is None:
            return

        def noticing(explanation: str) -> str:
            worded: str = original(explanation)
            try:
                self._notice(worded, sys._getframe(1))
            except Exception as error:  # noqa: BLE001 - recorded; it must not take the place of the assertion
                self._problem(error)
            return worded

        rewrite._format_explanation = noticing

    def remove(self) -> None:
        if self._original is not None:
            _rewriting()._format_explanation = self._original
            self._original = None

    def forget(self) -> None:
        """A new test phase begins."""
        self.noticed = []

    def into_a_pass(self, item: Any) -> List[Dict[str, str]]:
        """The assertions of the test function `item` that failed, were caught in it, and let it pass."""
        found: Dict[str, Dict[str, str]] = {}
        name = getattr(item, "originalname", None) or str(item.name).partition("[")[0]
        for message, calls in self.noticed:
            path = str(getattr(item, "path", "") or item.fspath)
            caught = self._caught_in(name, path, self._of_the_user(calls))
            if caught:
                found.setdefault(caught, {"how": "pass", "message": message, "where": caught})
        return list(found.values())

    def _notice(self, message: str, frame: Optional[FrameType]) -> None:
        """Whose files these are is asked when the test is over: here a test's patches of `os` are in force, such as
        those that raise where a running event loop is blocked."""
        if len(self.noticed) >= _NOTICED_LIMIT:
            return
        calls: List[Call] = []
        while frame is not None and len(calls) < _DEPTH_LIMIT:
            calls.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
            frame = frame.f_back
        self.noticed.append((shortened(message, MESSAGE_LIMIT), calls))

    def _of_the_user(self, calls: List[Call]) -> List[Call]:
        return list(itertools.takewhile(lambda call: self._places.is_users(call[0]), calls))

    def _caught_in(self, function: str, path: str, calls: List[Call]) -> str:
        """Place of the assertion, when the test function itself swallowed it; else empty."""
        for file, line, name in calls:
            if name.startswith("<"):
                continue  # a lambda or a comprehension: no statement of its own
            tree = self._tree(file)
            answer = IN_DOUBT if tree is None else swallowed_at(tree, line)
            if answer == PASSES_ON:
                continue
            own = name == function and os.path.realpath(file) == os.path.realpath(path)
            return self._places.at(*calls[0][:2]) if answer > 0 and own else ""
        return ""

    def _tree(self, file: str) -> Optional[ast.Module]:
        if file not in self._trees:
            self._trees[file] = _parsed(file)
        return self._trees[file]


def _rewriting() -> Any:
    """pytest's module for rewritten asserts; what is used of it is not public, so it may be gone one day."""
    from _pytest.assertion import rewrite

    return rewrite


def _parsed(file: str) -> Optional[ast.Module]:
    try:
        with open(file, "rb") as source:
            return ast.parse(source.read())
    except (OSError, SyntaxError, ValueError):
        return None

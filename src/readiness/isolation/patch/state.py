"""Leaked state, as the probe words it, read into its parts."""

from __future__ import annotations

import ast

from readiness.isolation.patch.quoting import double_quoted
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from readiness.record.finding import Cause

ABSENT: Final = "absent"
WORDS: Final = {
    "cwd": "cwd",
    "umask": "umask",
    "gc": "gc",
    "locale": "locale",
    "signal handlers": "signals",
    "the interval timer": "timer",
    "the thresholds of gc": "gc thresholds",
    "the recursion limit": "recursion",
    "the default timeout of sockets": "sockets",
    "the decimal context": "decimal",
    "the state of random": "random",
    "the state of numpy.random": "numpy",
    "the current event loop": "loop",
    "the event loop policy": "policy",
    "asyncio.events._event_loop_policy": "policy",
    "logging.disable": "logging",
    "warnings.filters": "warnings",
    "the time zone": "time zone",
    "atexit callbacks": "atexit",
    "child processes": "children",
    "threads": "threads",
    "open sockets": "open sockets",
}
"""State that is no expression of Python."""
_CACHE: Final = "the cache of "
_FIXTURE: Final = "the value of fixture "
_NAMED: Final = ("file", "folder", "link", "context variable")


@value
class State:
    """`kind` is `attribute` (`holder.name`), `item` (`holder[name]`, `name` being the key as source), `cache` (of
    the function `holder`), `defaults` (of the function `holder`), `file`, `folder` or `link` (`name` is its path, relative to
    pytest's rootdir, to `~` or to `$TMPDIR`), `context variable`, or one of WORDS' values.

    `holder` is an expression that starts with the full name of `module`; where `module` is empty it starts with the
    name of a fixture. `before` and `after` are values as the probe shows them.
    """

    kind: str
    holder: str = ""
    name: str = ""
    module: str = ""
    before: str = ""
    after: str = ""
    container: str = ""
    """The builtin type of a container that changed in place, where it is known."""

    @property
    def was_absent(self) -> bool:
        return self.before == ABSENT

    @property
    def in_place(self) -> bool:
        """Whether a container changed, as far as its two values tell; it may have been replaced."""
        pair = self.before[:1] + self.after[:1]
        return pair in ("[[", "{{", "((") and self.before[:1] != "("

    @property
    def expression(self) -> str:
        """The state itself, with the module's full name."""
        return f"{self.holder}.{self.name}" if self.kind == "attribute" else f"{self.holder}[{self.name}]"


def read_state(cause: Cause, is_module: Callable[[str], bool]) -> State | None:
    """The state of a cause; None for one that no expression reaches. `is_module` tells of a dotted name."""
    text, before, after = cause.state, cause.before, cause.after
    if text in WORDS:
        return State(WORDS[text], before=before, after=after)
    for kind in _NAMED:
        if text.startswith(f"{kind} "):
            return State(kind, name=text[len(kind) + 1 :], before=before, after=after)
    if text.startswith(_CACHE):
        holder = text.removeprefix(_CACHE)
        return State("cache", holder, module=_module(holder, is_module))
    if "(" in text and text.endswith("=…)"):
        holder = text.rpartition("(")[0]
        return State("defaults", holder, module=_module(holder, is_module))
    fixture = text.startswith(_FIXTURE)
    text = text.removeprefix(_FIXTURE)
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None
    module = "" if fixture else _module(text, is_module)
    if not (module or fixture):
        return None
    if isinstance(tree, ast.Attribute) and text != module:
        return State("attribute", double_quoted(ast.unparse(tree.value)), tree.attr, module, before, after)
    if isinstance(tree, ast.Subscript):
        return State(
            "item",
            double_quoted(ast.unparse(tree.value)),
            double_quoted(ast.unparse(tree.slice)),
            module,
            before,
            after,
        )
    return None


def _module(expression: str, is_module: Callable[[str], bool]) -> str:
    """The longest dotted start of an expression that names a module."""
    dotted = expression
    for stop in "([ ":
        dotted = dotted.partition(stop)[0]
    while dotted:
        if is_module(dotted) and dotted != expression:
            return dotted
        dotted = dotted.rpartition(".")[0]
    return ""


def literal(text: str) -> bool:
    """Whether a value as the probe shows it is the source of that value."""
    try:
        shown = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return isinstance(shown, (str, int, float, bool, type(None), bytes)) and "…" not in text

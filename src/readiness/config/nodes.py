"""From text to YAML nodes, which know their line and column. The only module that imports yaml."""

from __future__ import annotations

import yaml

from readiness.config.fault import ConfigError, Fault
from readiness.config.model import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final, Protocol

    class Mark(Protocol):
        """A position in the text; line, column and index count from 0."""

        line: int
        column: int
        index: int

    class Node(Protocol):
        """A part of the file. `id` is `scalar`, `sequence` or `mapping`; `value` is text, nodes or pairs."""

        id: str
        tag: str
        value: Any
        flow_style: bool
        start_mark: Mark
        end_mark: Mark


_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

DEEPEST: Final = 64
"""Levels of nesting. libyaml's composer recurses on the C stack and crashes on some thousands."""
MOST_VALUES: Final = 200_000
"""Values once aliases are expanded; a thousand checks have about 20,000."""
_FEW_BRACKETS: Final = 300
_SHORT_LINE: Final = 500
_SMALL_FILE: Final = 256 * 1024

_ADVICE: Final = (
    ("mapping values are not allowed", "put text that holds ': ' in quotes, and check the indentation"),
    ("single document", "remove what follows the second ---"),
    ("duplicate anchor", "give each anchor a name of its own"),
    ("undefined alias", "define the anchor above its alias"),
    ("block end", "check the indentation of this line and of those above"),
    ("block collection", "check the indentation of this line and of those above"),
    ("block mapping", "check the indentation of this line and of those above"),
    ("unexpected end of stream", "close the quotes"),
    ("expected ',' or", "close the bracket, or put the text in quotes"),
    ("cannot start any token", "put the text in quotes"),
)

_ANY_SYNTAX: Final = "correct the syntax here or on the line above"


def parse(text: str, path: str, loader: Any = _LOADER) -> Node | None:
    """The root node; None for an empty document. `path` is what messages call the file.

    Raises ConfigError for what is not YAML, for a second document, and for what nests or expands too far.
    `loader` is a PyYAML loader class: the one in C where PyYAML was built with it.
    """
    if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
        message = f"holds the control character U+{ord(odd.group()):04X}"
        raise _error(
            _place_of_index(text, odd.start(), path), message, "remove it, or save the file as UTF-8 text"
        )
    try:
        if _might_be_a_bomb(text):
            _measure(text, path, loader)
        composed: Any = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise _syntax_error(error, text, path) from None
    except RecursionError:
        raise _error(Place(path, 1, 1), f"nests deeper than {DEEPEST} levels", "flatten it") from None
    root: Node | None = composed
    if root is not None and "*" in text:
        _refuse_expansion(root, path)
    return root


def place_of(node: Node, path: str) -> Place:
    """Where a node starts."""
    mark = node.start_mark
    return Place(path, mark.line + 1, mark.column + 1)


def _might_be_a_bomb(text: str) -> bool:
    """True unless a cheap bound shows that the text nests neither deep nor holds much.

    A level of flow nesting takes a bracket and a level of block nesting takes a column.
    """
    brackets = text.count("[") + text.count("{")
    if brackets > _FEW_BRACKETS or len(text) > _SMALL_FILE:
        return True
    return len(max(text.splitlines(), key=len, default="")) > _SHORT_LINE


def _measure(text: str, path: str, loader: Any) -> None:
    """Read the text as a stream of events, without recursion, and refuse it at the first that is too much."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, Loader=loader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        mark = event.start_mark
        if depth > DEEPEST:
            raise _error(_place_of_mark(mark, path), f"nests deeper than {DEEPEST} levels", "flatten it")
        if count > 2 * MOST_VALUES:
            message = f"the file holds more than {MOST_VALUES:,} values"
            raise _error(_place_of_mark(mark, path), message, "this is no configuration; name the right file")


def _refuse_expansion(root: Node, path: str) -> None:
    """Refuse aliases that expand too far, for ever included (an anchor that holds its own alias)."""
    count = 1
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.id == "scalar":
            continue
        children = node.value if node.id == "sequence" else [part for pair in node.value for part in pair]
        count += len(children)
        if count > MOST_VALUES:
            message = f"aliases expand to more than {MOST_VALUES:,} values, or one holds itself"
            raise _error(place_of(node, path), message, "write the values out instead of *alias")
        waiting.extend(children)


def _syntax_error(error: yaml.YAMLError, text: str, path: str) -> ConfigError:
    context, problem = getattr(error, "context", None), getattr(error, "problem", None)
    begun, mark = getattr(error, "context_mark", None), getattr(error, "problem_mark", None)
    if mark is None:
        return _error(Place(path, 1, 1), f"is not YAML: {str(error).partition(chr(10))[0]}", _ANY_SYNTAX)
    if context and begun and begun.line != mark.line:
        context += f" from line {begun.line + 1}"
    message = f"is not YAML: {context}, {problem}" if context else f"is not YAML: {problem}"
    if text[mark.index : mark.index + 1] == "\t":
        return _error(_place_of_mark(mark, path), message, "indent with spaces: this is a tab")
    advice = next((advice for sign, advice in _ADVICE if sign in message), _ANY_SYNTAX)
    return _error(_place_of_mark(mark, path), message, advice)


def _place_of_mark(mark: Any, path: str) -> Place:
    return Place(path, mark.line + 1, mark.column + 1)


def _place_of_index(text: str, index: int, path: str) -> Place:
    return Place(path, text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def _error(place: Place, message: str, advice: str) -> ConfigError:
    return ConfigError([Fault(place, message, advice)])

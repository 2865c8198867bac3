"""The old form rewritten as the new one, by as few changes to the text as will do."""

from __future__ import annotations

from readiness.config.fault import ConfigError, Fault
from readiness.config.load import parse_config
from readiness.config.model import Place
from readiness.config.nodes import parse
from readiness.config.old_form import lane_of
from readiness.config.rewrite import LANE_COMMENT, rewrite
from readiness.config.source import shown_as
from readiness.record.value import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.config.model import Config
    from readiness.config.nodes import Node

    Edit = tuple[int, int, str]
    """Start and end of what is replaced, and the text that takes its place."""


def migrate(text: str, path: str) -> str:
    """The text of the same configuration in the new form, each lane written out.

    Lines and comments stay as they are and lines are added. Where the layout leaves no room for that (a list
    in brackets, say), the file is written anew, with the comments between its entries. What is returned loads,
    and says the same. Raises ConfigError for a file of the new form, and for every fault of an old one (a
    name used twice among them).
    """
    shown = shown_as(path)
    old = parse_config(text, shown)
    if old.form == 2:
        message = "the file is in the new form already"
        raise ConfigError([Fault(Place(shown, 1, 1), message, "there is nothing to migrate")])
    root = parse(text, shown)
    if root is None:
        raise AssertionError("a configuration without a root node was loaded")
    edited = _edited(text, root)
    return edited if _says_the_same(edited, old) else rewrite(text, root, old)


def _says_the_same(text: str, old: Config) -> bool:
    """Whether `text` loads as the new form of `old`."""
    try:
        new = parse_config(text, old.path)
    except ConfigError:
        return False
    return new.form == 2 and comparable(new) == comparable(old)


def comparable(config: Config) -> Config:
    """The configuration without what a migration changes: its form, its digest, its places."""
    nowhere = Place(config.path, 1, 1)
    checks = (replace(check, place=nowhere, run_place=nowhere, lane_from="file") for check in config.checks)
    return replace(config, form=2, sha256="", checks=tuple(checks))


def _edited(text: str, root: Node) -> str:
    edits = _root_edits(text, root)
    for check in _checks(root):
        edits += _lane_edits(text, check)
    parts, done = [], 0
    # Two checks on one line ask for the same comment: one is enough.
    for start, end, new in sorted(dict.fromkeys(edits), key=lambda edit: edit[0]):
        parts += [text[done:start], new]
        done = end
    return "".join(parts) + text[done:]


def _checks(root: Node) -> list[Node]:
    if root.id == "sequence":
        return list(root.value)
    return next((list(value.value) for key, value in root.value if key.value == "checks"), [])


def _root_edits(text: str, root: Node) -> list[Edit]:
    """`version: 2` at the top, and `checks:` above a bare list."""
    start, newline = root.start_mark.index, _newline(text)
    if root.id == "sequence":
        start = start if root.flow_style else _start_with_comments(text, start)
        return [(start, start, f"version: 2{newline}checks:{' ' if root.flow_style else newline}")]
    for key, value in root.value:
        if key.value == "version":
            return [(value.start_mark.index, value.end_mark.index, "2")]
    if root.flow_style:
        return [(start + 1, start + 1, "version: 2, ")]
    return [(start, start, f"version: 2{newline}{' ' * root.start_mark.column}")]


def _start_with_comments(text: str, index: int) -> int:
    """The start of the line at `index`, or of the comments right above it: they are the first entry's."""
    start = text.rfind("\n", 0, index) + 1
    while start:
        above = text.rfind("\n", 0, start - 1) + 1
        if not text[above:start].lstrip().startswith("#"):
            break
        start = above
    return start


def _lane_edits(text: str, check: Node) -> list[Edit]:
    """The lane right after the name: on a line of its own, or inside the braces with a comment behind."""
    named = [(key, value) for key, value in check.value if key.value == "name"]
    if not named:
        return []
    key, value = named[0]
    lane, end = lane_of(value.value), value.end_mark.index
    line_end = _line_end(text, end)
    if check.flow_style:
        return [(end, end, f", lane: {lane}"), (line_end, line_end, f"  {LANE_COMMENT}")]
    line = f"{_newline(text)}{' ' * key.start_mark.column}lane: {lane}  {LANE_COMMENT}"
    return [(line_end, line_end, line)]


def _line_end(text: str, index: int) -> int:
    """The index of the line break at or after `index`, or the end of the text."""
    end = text.find("\n", index)
    if end < 0:
        return len(text)
    return end - 1 if text[end - 1 : end] == "\r" else end


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"

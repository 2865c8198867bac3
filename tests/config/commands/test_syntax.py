"""The structure of commands."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.commands.syntax import (
    Block,
    Branches,
    Function,
    Loop,
    Node,
    NotShell,
    Pipeline,
    Sequence,
    Simple,
    assigns,
    parse,
)


def shape(node: Node) -> object:
    """A node as nested tuples, for comparing."""
    if isinstance(node, Simple):
        return " ".join([*node.assignments, *node.words])
    if isinstance(node, Sequence):
        return [_chain(item.pipelines, item.operators) + ("&" * item.background) for item in node.items]
    if isinstance(node, Block):
        return ("subshell" if node.subshell else "group", shape(node.body))
    if isinstance(node, Branches):
        return ("if", [shape(one) for one in node.conditions], [shape(one) for one in node.bodies])
    if isinstance(node, Loop):
        return ("loop", node.condition and shape(node.condition), shape(node.body))
    assert isinstance(node, Function)
    return ("function", node.name, shape(node.body))


def _chain(pipelines: list[Pipeline], operators: list[str]) -> str:
    shown = [
        ("! " * one.negated) + " | ".join(str(shape(member)) for member in one.members) for one in pipelines
    ]
    return "".join(
        f"{text} {operator} " for text, operator in zip(shown, [*operators, ""], strict=True)
    ).strip()


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("a && b || c; d & e", ["a && b || c", "d&", "e"]),
        ("a\n\nb", ["a", "b"]),
        ("A=1 B='x y' cmd C=2", ["A=1 B='x y' cmd C=2"]),
        ("! a | b", ["! a | b"]),
        ("a |\n b &&\n c", ["a | b && c"]),
        ("(a; b) && { c; d; }", ["('subshell', ['a', 'b']) && ('group', ['c', 'd'])"]),
        ("f() { a; }; f", ["('function', 'f', ('group', ['a']))", "f"]),
        ("function f { a; }", ["('function', 'f', ('group', ['a']))"]),
        ("[[ a && b < c ]] || d", ["[[ a && b < c ]] || d"]),
        ("((i < 3)) && a", ["(( && a"]),
        ("> out", [""]),
        ("a > out 2>&1 && b", ["a && b"]),
        ("", []),
        ("# only a comment", []),
    ],
)
def test_lists_and_pipelines(command: str, expected: list[str]) -> None:
    assert shape(parse(command)) == expected


def test_if_with_every_part() -> None:
    sequence = parse("if a; then b; elif c; then d; else e; fi > log")
    node = sequence.items[0].pipelines[0].members[0]
    assert shape(node) == ("if", [["a"], ["c"]], [["b"], ["d"], ["e"]])


def test_case_has_bodies_and_no_conditions() -> None:
    node = parse("case $x in\n a|b) c; d;; (e) f ;;& *) g\nesac").items[0].pipelines[0].members[0]
    assert shape(node) == ("if", [], [["c", "d"], ["f"], ["g"]])


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("for i in 1 2; do a; done", ("loop", None, ["a"])),
        ("for i\ndo a\ndone", ("loop", None, ["a"])),
        ("while a; do b; done < f", ("loop", ["a"], ["b"])),
        ("until a; do b; done", ("loop", ["a"], ["b"])),
        ("for i in 1; { a; }", ("loop", None, ["a"])),
    ],
)
def test_loops(command: str, expected: tuple[object, ...]) -> None:
    assert shape(parse(command).items[0].pipelines[0].members[0]) == expected


@pytest.mark.parametrize(
    ("command", "says", "line"),
    [
        ("a &&", "ends too early", 0),
        ("(a", "ends too early where `)`", 0),
        ("if a; fi", "ends too early where `then`", 0),
        ("a\nb )", "unexpected `)`", 1),
        ("a | | b", "unexpected `|`", 0),
        ("a > && b", "unexpected `&&`", 0),
        ("for i in 1 2", "ends too early", 0),
        ("| a", "unexpected `|`", 0),
    ],
)
def test_what_is_no_command_is_refused(command: str, says: str, line: int) -> None:
    with pytest.raises(NotShell, match=re.escape(says)) as caught:
        parse(command)
    assert caught.value.line == line


def test_nodes_know_their_text_and_line() -> None:
    last = parse("a\n\nb  &&  c # x").items[1]
    assert (last.text, last.line) == ("b  &&  c", 2)


@pytest.mark.parametrize(
    ("command", "expected"),
    [("rc=$?", True), ("{ echo x; rc=1; }", True), ("if a; then ok=1; fi", True), ("A=1 cmd", False)],
)
def test_assignments_that_outlive_their_command(command: str, expected: bool) -> None:
    assert assigns(parse(command)) is expected


@given(st.text(alphabet="ab (){};&|\n'\"!<>=[]#", max_size=40))
def test_any_text_is_read_or_refused(command: str) -> None:
    try:
        items = parse(command).items
    except NotShell as refused:
        items, line = [], refused.line
    else:
        line = max((item.line for item in items), default=0)
    assert all(item.text in command for item in items)
    assert 0 <= line <= command.count("\n")

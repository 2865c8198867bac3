from __future__ import annotations

import inspect
import sys
from typing import Any

import pytest
import yaml

from readiness.config.fault import ConfigError
from readiness.config.nodes import DEEPEST, MOST_VALUES, parse, place_of

LOADERS = [yaml.CSafeLoader, yaml.SafeLoader]
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefg", "bcdefgh", strict=True)
)


def refused(text: str, loader: Any = yaml.CSafeLoader) -> str:
    with pytest.raises(ConfigError) as caught:
        parse(text, "f", loader)
    assert len(caught.value.faults) == 1
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "checks: [a\nb: c",
            "f:2:2: is not YAML: while parsing a flow sequence from line 1, did not find expected ',' or ']'; "
            "close the bracket, or put the text in quotes",
        ),
        (
            'checks: "abc\n',
            "f:2:1: is not YAML: while scanning a quoted scalar from line 1, found unexpected end of stream; "
            "close the quotes",
        ),
        (
            "checks:\n  - run: a: b\n",
            "f:2:11: is not YAML: mapping values are not allowed in this context; "
            "put text that holds ': ' in quotes, and check the indentation",
        ),
        (
            "checks:\n\t- a",
            "f:2:1: is not YAML: while scanning for the next token, found character that cannot start any token; "
            "indent with spaces: this is a tab",
        ),
        (
            "checks: @x",
            "f:1:9: is not YAML: while scanning for the next token, found character that cannot start any token; "
            "put the text in quotes",
        ),
        ("checks: *x", "f:1:9: is not YAML: found undefined alias; define the anchor above its alias"),
        (
            "a: 1\n---\nb: 2\n",
            "f:2:1: is not YAML: expected a single document in the stream from line 1, but found another document; "
            "remove what follows the second ---",
        ),
        (
            "checks:\n   - a: 1\n  - b: 2",
            "f:3:3: is not YAML: while parsing a block mapping from line 1, did not find expected key; "
            "check the indentation of this line and of those above",
        ),
        (
            "[&a x, &a y]",
            "f:1:8: is not YAML: found duplicate anchor; first occurrence, second occurrence; "
            "give each anchor a name of its own",
        ),
        (
            "%YAML 3.0\n---\nchecks: []",
            "f:1:1: is not YAML: found incompatible YAML document; correct the syntax here or on the line above",
        ),
        (
            "é: \x07",
            "f:1:4: holds the control character U+0007; remove it, or save the file as UTF-8 text",
        ),
    ],
)
def test_broken_yaml_is_told_with_its_place_and_what_to_do(text: str, told: str) -> None:
    assert refused(text) == told


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", ["a: [b", "a:\n\t- b", "*x", "a: 1\n---\nb: 2", "a: 'b", "- a\nb: c"])
def test_both_loaders_of_pyyaml_refuse_what_is_broken(text: str, loader: Any) -> None:
    assert ": is not YAML: " in refused(text, loader)


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("text", ["[" * 100_000, "- " * 100_000, "{a: " * 50_000, "? " * 400])
def test_deep_nesting_is_refused_before_it_can_crash(text: str, loader: Any) -> None:
    told = refused(text, loader)
    assert told.endswith(f"nests deeper than {DEEPEST} levels; flatten it")


def test_python_that_recurses_too_deep_is_refused_too() -> None:
    """Few enough brackets to pass the cheap bound, on a stack that is nearly used up."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 200)
    try:
        told = refused("[" * 250 + "]" * 250, yaml.SafeLoader)
    finally:
        sys.setrecursionlimit(limit)
    assert told == f"f:1:1: nests deeper than {DEEPEST} levels; flatten it"


@pytest.mark.parametrize("text", ["[" + "a," * 500_000 + "]", "".join(f"k{n}: 1\n" for n in range(250_000))])
def test_a_file_with_too_many_values_is_refused_early(text: str) -> None:
    told = refused(text)
    assert told.endswith(
        f"the file holds more than {MOST_VALUES:,} values; this is no configuration; name the right file"
    )


def test_an_alias_bomb_is_refused() -> None:
    told = refused(BOMB)
    assert told.endswith(
        ": aliases expand to more than 200,000 values, or one holds itself; write the values out instead of *alias"
    )


@pytest.mark.parametrize("text", ["&a [*a]", "checks: &a {x: *a}", "a: &a\n  <<: *a\n"])
def test_an_anchor_that_holds_itself_is_refused(text: str) -> None:
    assert "or one holds itself" in refused(text)


def test_honest_aliases_are_read() -> None:
    root = parse("a: &a [x]\nb: [*a, *a]\n", "f")
    assert root is not None
    assert [item.value[0].value for item in root.value[1][1].value] == ["x", "x"]


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n"])
def test_an_empty_document_has_no_root(text: str) -> None:
    assert parse(text, "f") is None


@pytest.mark.parametrize("loader", LOADERS)
def test_columns_count_characters_not_bytes(loader: Any) -> None:
    root = parse("{é😀: ü, b: c}", "f", loader)
    assert root is not None
    assert str(place_of(root.value[1][0], "f")) == "f:1:9"


def shape(node: Any) -> tuple[Any, ...]:
    """All that is read of a node: what it is, where it starts and ends, and what it holds."""
    marks = (node.start_mark.line, node.start_mark.column, node.start_mark.index)
    if node.id == "scalar":
        return (node.id, node.tag, marks, node.value)
    held = node.value if node.id == "sequence" else [part for pair in node.value for part in pair]
    return (node.id, node.tag, marks, bool(node.flow_style), [shape(part) for part in held])


def test_both_loaders_of_pyyaml_see_the_same_file() -> None:
    """PyYAML may be built without libyaml; the faults must not move."""
    text = "# é\nversion: 2\nchecks:\n  - {name: 'ü', env: {A: yes, B: 0x1F, C: ~}}\n  - &b\n    run: |\n      x\n"
    text += '    "cwd": 1.5\n  - <<: *b\n    description: >-\n      folded\n      text\n'
    in_c, in_python = (parse(text, "f", loader) for loader in LOADERS)
    assert shape(in_c) == shape(in_python)

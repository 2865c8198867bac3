"""Words and operators of shell text."""

from __future__ import annotations

import itertools
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.commands.tokens import OPERATOR, WORD, closing, tokens


def texts(command: str) -> list[str]:
    return [token.text for token in tokens(command)]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("pytest  tests\t-q", ["pytest", "tests", "-q"]),
        ("a&&b||c;d&e|f", ["a", "&&", "b", "||", "c", ";", "d", "&", "e", "|", "f"]),
        ('echo "|| true"', ["echo", '"|| true"']),
        ("echo '&& #'", ["echo", "'&& #'"]),
        ("echo a#b # || true", ["echo", "a#b"]),
        ("a \\\n  b", ["a", "b"]),
        ("a 2>&1 >out 3<in", ["a", ">&", "1", ">", "out", "<", "in"]),
        ("a22 >out", ["a22", ">", "out"]),
        ('echo $(a || b; "x)") `c;d` ${e:-;}', ["echo", '$(a || b; "x)")', "`c;d`", "${e:-;}"]),
        ("diff <(a | b) >(c)", ["diff", "<(a | b)", ">(c)"]),
        ("echo $'it\\'s' x", ["echo", "$'it\\'s'", "x"]),
        ("a\\;b", ["a\\;b"]),
        ('echo "a\\"b" c', ["echo", '"a\\"b"', "c"]),
        ("", []),
    ],
)
def test_words_and_operators(command: str, expected: list[str]) -> None:
    assert texts(command) == expected


def test_here_documents_are_passed_over() -> None:
    command = "cat <<EOF <<-'TWO'\n|| true\nEOF\n\tx && y\n\tTWO\npytest"
    assert texts(command) == ["cat", "<<", "EOF", "<<-", "'TWO'", "\n", "pytest"]


def test_an_unfinished_here_document_runs_to_the_end() -> None:
    assert texts("cat <<EOF\n|| true") == ["cat", "<<", "EOF", "\n"]


def test_a_here_string_is_no_here_document() -> None:
    assert texts("cat <<<EOF\npytest") == ["cat", "<<<", "EOF", "\n", "pytest"]


def test_lines_count_through_quotes_continuations_and_documents() -> None:
    command = "a \\\nb\n'x\ny' c\ncat <<E\n1\nE\nd"
    lines = {token.text: token.line for token in tokens(command) if token.kind is WORD}
    assert (lines["a"], lines["b"], lines["'x\ny'"], lines["c"], lines["d"]) == (0, 1, 2, 3, 7)


@pytest.mark.parametrize("command", ["echo 'open", 'echo "open', "echo $(open", "echo `open", "echo ${open"])
def test_what_is_never_closed_runs_to_the_end(command: str) -> None:
    assert texts(command)[1] == command[5:]


def test_brackets_are_counted_and_quotes_passed_over() -> None:
    assert closing("((a) ')' b) c", 0) == 11


@given(st.text(alphabet="ab $(){}<>|&;'\"`\\\n\t#=12", max_size=60))
def test_any_text_is_split_into_pieces_of_itself(command: str) -> None:
    found = tokens(command)
    assert all(command[token.start : token.end] == token.text for token in found)
    assert all(one.end <= other.start for one, other in itertools.pairwise(found))
    assert all(token.line == command.count("\n", 0, token.start) for token in found)


@given(st.lists(st.text(alphabet="abc-_./=:[]*", min_size=1, max_size=8), max_size=6))
def test_plain_words_agree_with_shlex(words: list[str]) -> None:
    command = shlex.join(words)
    found = tokens(command)
    assert all(token.kind is not OPERATOR for token in found)
    assert [shlex.split(token.text)[0] for token in found] == words

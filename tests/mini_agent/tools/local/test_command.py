from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mini_agent.tools.local.command import DEFAULT_PROGRAMS, CommandError, check_names, words_of

ALLOWED = ("ls", "cat", "echo")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ls", ["ls"]),
        ("  ls   -la  ", ["ls", "-la"]),
        ("cat 'a b' \"c d\" e\\ f", ["cat", "a b", "c d", "e f"]),
        ("ls; rm x", None),
        ("echo a; rm -rf .", ["echo", "a;", "rm", "-rf", "."]),
        ("echo $HOME `id` $(id)", ["echo", "$HOME", "`id`", "$(id)"]),
        ("echo a && cat b | cat > c", ["echo", "a", "&&", "cat", "b", "|", "cat", ">", "c"]),
        ("echo *", ["echo", "*"]),
        ("echo a\nrm b", ["echo", "a", "rm", "b"]),
        ("echo # no comment", ["echo", "#", "no", "comment"]),
    ],
)
def test_words_are_words_and_nothing_more(command: str, words: list[str] | None):
    if words is None:
        with pytest.raises(CommandError, match="'ls;': not an allowed program"):
            words_of(command, ALLOWED)
    else:
        assert words_of(command, ALLOWED) == words


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("''", "not an allowed program"),
        ("rm x", "'rm': not an allowed program; allowed: cat, echo, ls"),
        ("lsx", "not an allowed program"),
        ("l", "not an allowed program"),
        ("LS", "not an allowed program"),
        ("ls\u00a0-la", "not an allowed program"),
        ("/bin/ls", "a path as program is refused"),
        ("./ls", "a path as program is refused"),
        ("../bin/cat x", "a path as program is refused"),
        ("PATH=/x ls", "a path as program is refused"),
        ("X=1 ls", "not an allowed program"),
        ("(ls)", "not an allowed program"),
        ("$(echo ls)", "not an allowed program"),
        ("cat 'open", "cannot be split"),
        ("cat \\", "cannot be split"),
        ("ls\0", "NUL"),
    ],
)
def test_refused(command: str, why: str):
    with pytest.raises(CommandError, match=why):
        words_of(command, ALLOWED)


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), max_size=6))
def test_every_argument_arrives_as_it_was_quoted(arguments: list[str]):
    assert words_of(shlex.join(["echo", *arguments]), ALLOWED) == ["echo", *arguments]


@given(st.text())
def test_whatever_is_written_the_first_word_is_allowed_or_it_is_refused(command: str):
    try:
        words = words_of(command, ALLOWED)
    except CommandError:
        return
    assert words[0] in ALLOWED


@pytest.mark.parametrize("name", ["/bin/ls", "a b", "", "-x", "a;b", ".."])
def test_an_allow_list_holds_names(name: str):
    with pytest.raises(ValueError, match="is no name of a program"):
        check_names([name])


def test_the_default_list_has_no_program_that_starts_others():
    check_names(DEFAULT_PROGRAMS)
    starters = {
        "sh",
        "bash",
        "env",
        "xargs",
        "find",
        "awk",
        "sed",
        "nohup",
        "timeout",
        "sudo",
        "ssh",
        "vi",
        "tar",
        "git",
    }
    assert starters.isdisjoint(DEFAULT_PROGRAMS)

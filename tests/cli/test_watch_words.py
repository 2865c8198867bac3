"""What `--watch` starts is the run that the same options start by hand."""

from __future__ import annotations

import argparse

import pytest

from readiness.cli import run_command
from readiness.cli.watch import words


def parsed(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    run_command.add_arguments(parser)
    return parser.parse_args(argv)


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["--gate", "deploy", "--strict", "--quiet"],
        ["--no-strict", "--lane", "core", "--lane", "nd", "--no-cache", "--no-timeout"],
        ["-C", "sub", "--config", "other.yml", "--jobs", "2", "--grace", "0.5", "--record", "--fail-on-skip"],
    ],
)
def test_every_option_reaches_the_run(argv: list[str]) -> None:
    asked = parsed([*argv, "--watch", "a", "b"])
    command, *rest = words(asked, ("a", "b"))
    again = parsed(rest)
    assert command == "run"
    assert (asked.watch, again.watch) == (True, False)
    asked.watch = False
    assert again == asked


def test_only_the_checks_that_a_change_touches_are_named() -> None:
    assert parsed(words(parsed(["--watch", "a", "b"]), ("b",))[1:]).names == ["b"]
    assert parsed(words(parsed(["--watch"]), ())[1:]).names == []


def test_a_new_option_of_run_is_not_forgotten() -> None:
    options = set(vars(parsed([])))
    passed_on = {
        "folder",
        "config",
        "names",
        "gate",
        "lane",
        "strict",
        "fail_on_skip",
        "timeouts",
        "jobs",
        "grace",
    }
    assert options == passed_on | {"cache", "record", "quiet", "watch", "resume"}, "let `words` pass it on"

"""What makes a sound configuration lie: checks that cannot fail, lanes nobody reaches, names that mean nothing.

Each module holds one family of rules; docs/lint.md describes every rule. The rules run before every gate run, so
each looks at the configuration first and reads a file only when some text there points at it.
"""

from __future__ import annotations

from readiness.config.lint import duplicates, files, lanes, names, toothless
from readiness.config.lint.subject import Subject

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.config.lint.subject import AskGit
    from readiness.config.model import Config
    from readiness.record.result import LintFinding

RULES: Final = (
    *("duplicate-name", "duplicate-command", "contained-command"),
    *("toothless-command", "unread-command"),
    *("unknown-expected", "unused-service"),
    *("lane-guess", "nd-without-trials", "core-needs-network", "optional-everything", "empty-lane"),
    *("unreached-lane", "unreached-switch"),
    *("missing-file", "missing-target", "untracked-file"),
)
"""The name of every rule, as findings carry it."""


def lint(
    config: Config,
    root: str,
    expected: tuple[str, ...] = (),
    *,
    deep: bool,
    ask_git: AskGit | None = None,
) -> tuple[LintFinding, ...]:
    """Everything found in `config`, whose project lies at `root`, by file and line.

    `expected` are the names that READINESS_EXPECT asks for. Without `deep`, rules that must start a process
    (git) are left out. `ask_git` runs `git` with the given arguments and returns its exit code and output;
    without it, git is run by `subprocess`.
    """
    return lint_subject(Subject(config, root), expected, deep=deep, ask_git=ask_git)


def lint_subject(
    subject: Subject, expected: tuple[str, ...] = (), *, deep: bool, ask_git: AskGit | None = None
) -> tuple[LintFinding, ...]:
    """The same for a subject whose commands have been read already."""
    return tuple(sorted(_all(subject, expected, deep, ask_git), key=_order))


def _all(
    subject: Subject, expected: tuple[str, ...], deep: bool, ask_git: AskGit | None
) -> Iterator[LintFinding]:
    yield from names.findings(subject, expected)
    twice = list(duplicates.findings(subject))
    yield from twice
    yield from toothless.findings(subject)
    yield from lanes.findings(subject)
    if subject.may_contain_each_other:
        from readiness.config.lint import contained

        yield from contained.findings(subject, frozenset(one.where for one in twice))
    from readiness.config.lint import reach

    yield from reach.findings(subject)
    needed = files.needed(subject)
    yield from files.findings(subject, needed)
    if deep:
        from readiness.config.lint import tracked

        yield from tracked.findings(subject, needed, ask_git)


def _order(finding: LintFinding) -> tuple[str, int, str, str]:
    path, _, line = finding.where.rpartition(":")
    return path, int(line), finding.rule, finding.message

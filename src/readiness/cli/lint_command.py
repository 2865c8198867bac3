"""`readiness lint`: what is wrong with the configuration, before it lies."""

from __future__ import annotations

import json
import os
import sys

from readiness.cli import project
from readiness.config.lint import lint
from readiness.record.outcome import EXIT_NOT_READY, EXIT_READY
from readiness.record.value import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from readiness.record.result import LintFinding


def add_arguments(parser: argparse.ArgumentParser) -> None:
    project.add_place(parser)
    parser.add_argument("--strict", action="store_true", help="let warnings fail as well")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def main(args: argparse.Namespace) -> int:
    """Exit code 1 when there are errors (with --strict: or warnings). Raises ConfigError or UsageError."""
    root, config = project.open_config(args)
    expected = tuple(os.environ.get("READINESS_EXPECT", "").replace(",", " ").split())
    findings = lint(config, root, expected, deep=True)
    if args.json:
        json.dump([as_json(one) for one in findings], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("".join(_line(one) for one in findings))
        print(_count(findings))
    deciding = {"error", "warning"} if args.strict else {"error"}
    return EXIT_NOT_READY if any(one.severity in deciding for one in findings) else EXIT_READY


def _line(one: LintFinding) -> str:
    return f"{one.where}: {one.severity}: {one.message} [{one.rule}]\n    {one.advice}\n"


def _count(findings: tuple[LintFinding, ...]) -> str:
    if not findings:
        return "nothing found"
    kinds = ("error", "warning", "note")
    counts = {kind: sum(one.severity == kind for one in findings) for kind in kinds}
    return ", ".join(
        f"{number} {kind}{'' if number == 1 else 's'}" for kind, number in counts.items() if number
    )

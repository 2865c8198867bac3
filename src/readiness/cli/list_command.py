"""`readiness list`: the plan, and why each check is in it or not."""

from __future__ import annotations

import json
import os
import sys

from readiness.cli import project
from readiness.record.outcome import EXIT_READY
from readiness.record.value import as_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from readiness.cli.project import Project
    from readiness.gate.plan import Item


def add_arguments(parser: argparse.ArgumentParser) -> None:
    project.add_place(parser)
    project.add_selection(parser)
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def main(args: argparse.Namespace) -> int:
    """Raises ConfigError or UsageError."""
    asked = project.open_project(args, os.environ)
    if args.json:
        json.dump(_as_json(asked), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("".join(f"{line}\n" for line in _lines(asked)))
    return EXIT_READY


def _lines(asked: Project) -> Iterator[str]:
    settings = asked.settings
    strict = "strict" if settings.strict else "not strict"
    yield f"gate {settings.gate} ({strict}), lanes {', '.join(settings.lanes)}"
    for switch in settings.switches:
        yield f"  {switch.name} = {switch.value} ({switch.source})"
    yield f"would run {len(asked.plan.items)}, in this order:"
    for number, item in enumerate(asked.plan.items, 1):
        yield f"  {number}. {item.check.name}  [{item.check.lane}]  {_how(item, asked)}"
        yield f"     {item.check.run}"
    if asked.plan.left_out:
        yield f"would not run {len(asked.plan.left_out)}:"
    for one in asked.plan.left_out:
        yield f"  - {one.name}  [{one.lane}]  {one.why}"


def _how(item: Item, asked: Project) -> str:
    known = asked.history.seconds.get(item.check.name)
    facts = [item.why, "required" if item.required else "optional"]
    facts.append("never timed" if known is None else f"took {known:.1f} s last time")
    for kind, names in (
        ("after", item.check.needs),
        ("services", item.check.services),
        ("locks", item.check.locks),
    ):
        if names:
            facts.append(f"{kind} {', '.join(names)}")
    if item.skip:
        facts.append(f"would be skipped: {item.skip}")
    return "; ".join(facts)


def _as_json(asked: Project) -> dict[str, object]:
    return {
        "gate": asked.settings.gate,
        "strict": asked.settings.strict,
        "lanes": asked.settings.lanes,
        "switches": [as_json(one) for one in asked.settings.switches],
        "planned": [as_json(item.planned()) | {"skip": item.skip} for item in asked.plan.items],
        "left_out": [as_json(one) for one in asked.plan.left_out],
    }

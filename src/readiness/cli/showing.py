"""Printing what a command found: as lines for people, or as JSON for programs."""

from __future__ import annotations

import sys

from readiness.record.outcome import EXIT_READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def show(found: Any, lines: Iterable[str], *, as_json: bool) -> int:
    """The exit code of a command that did what it was asked. Values become objects of their fields."""
    if not as_json:
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return EXIT_READY
    import json

    from readiness.record.value import as_json as of_values

    json.dump(of_values(found), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return EXIT_READY

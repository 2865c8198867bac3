"""How a bench that may find faults is started, and how its figures are told and kept."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def soak_arguments(about: str | None, results: Path) -> argparse.Namespace:
    """`--seconds`, `--clients` and `--write` of a soak."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0] if about else "")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--write", action="store_true", help=f"write {results.name}")
    return parser.parse_args()


def tell(figures: dict[str, Any], results: Path, write: bool) -> int:
    """Print the figures with date and machine, write them where that is asked for; 1 when they name faults."""
    machine = {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
    told = {"date": datetime.date.today().isoformat(), "machine": machine, **figures}
    text = json.dumps(told, indent=2) + "\n"
    print(text)
    if write:
        results.write_text(text)
    return 1 if figures["faults"] else 0

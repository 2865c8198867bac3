"""`readiness schema`: what an editor needs to complete and check readiness.yml."""

from __future__ import annotations

import json
import sys

from readiness.config.schema import schema
from readiness.record.outcome import EXIT_READY

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = f"{parser.description} (JSON Schema, draft 2020-12)"


def main(_args: argparse.Namespace) -> int:
    json.dump(schema(), sys.stdout, indent=2)
    sys.stdout.write("\n")
    return EXIT_READY

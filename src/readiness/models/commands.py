"""`readiness model pull|list|show|serve`. Each takes its arguments and returns an exit code; nothing heavy is imported before it is used."""

from __future__ import annotations

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from readiness.models.catalogue import DEFAULT, ENTRIES, entry_named
from readiness.models.failure import ModelError
from readiness.models.shelf import find_model, is_here, model_directory, place_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

EXIT_DONE: Final = 0
EXIT_FAILED: Final = 1
EXIT_USAGE: Final = 2


def pull(argv: list[str]) -> int:
    """`readiness model pull [NAME]`: 0 when the model lies here, checked; 1 when it cannot be had; 2 for an unknown name."""
    parser = argparse.ArgumentParser("readiness model pull", description="Get a model and check it.")
    parser.add_argument("name", nargs="?", default=DEFAULT.name, help=f"default: {DEFAULT.name}")
    arguments = parser.parse_args(argv)
    entry = entry_named(arguments.name)
    if entry is None:
        known = ", ".join(one.name for one in ENTRIES)
        return _fail(f"model {arguments.name!r} is not known; there is: {known}", EXIT_USAGE)
    from readiness.models.pull import pull as pull_model

    return _told(lambda: pull_model(entry, model_directory(os.environ), _say))


def list_models(argv: list[str]) -> int:
    """`readiness model list [--json]`: every model of the catalogue, and whether it is here."""
    parser = argparse.ArgumentParser(
        "readiness model list", description="List the models that can be pulled."
    )
    parser.add_argument("--json", action="store_true", help="as JSON")
    arguments = parser.parse_args(argv)
    directory = model_directory(os.environ)
    rows = [
        {
            "name": entry.name,
            "here": is_here(entry, directory),
            "size": entry.size,
            "sha256": entry.sha256,
            "licence": entry.licence,
            "path": place_of(entry, directory),
            "about": entry.about,
        }
        for entry in ENTRIES
    ]
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return EXIT_DONE
    for row in rows:
        state = "here" if row["here"] else "not pulled"
        print("{name:<16} {state:<11} {size:>11,} B  {licence:<11} {about}".format(state=state, **row))
    return EXIT_DONE


def show(argv: list[str]) -> int:
    """`readiness model show [NAME|PATH]`: the identity of a model file as JSON; 1 when it is not here or broken."""
    parser = argparse.ArgumentParser("readiness model show", description="Identify a model file.")
    parser.add_argument("model", nargs="?", help=f"name or path; default: {DEFAULT.name}")
    arguments = parser.parse_args(argv)

    def run() -> None:
        from readiness.models.identity import identity

        path, name, _ = find_model(arguments.model, model_directory(os.environ))
        print(json.dumps(identity(path, name).to_json() | {"path": path}, indent=2))

    return _told(run)


def serve(argv: list[str]) -> int:
    """`readiness model serve`: 0 after a stop by TERM or INT, 1 when it cannot serve, 2 for wrong arguments."""
    arguments = _serve_parser().parse_args(argv)

    def run() -> None:
        path, name, entry = find_model(arguments.model, model_directory(os.environ))
        try:
            from readiness.models.serve import ServeSettings
            from readiness.models.serve import serve as serve_model
        except ImportError as error:
            raise ModelError(f"serving needs {error.name}; run `pip install 'readiness[model]'`") from error
        settings = ServeSettings(
            path=path,
            name=arguments.name or name,
            entry=entry,
            host=arguments.host,
            port=arguments.port,
            slots=arguments.slots,
            queue=arguments.queue,
            context=arguments.context,
            threads=arguments.threads,
            keep_alive=arguments.keep_alive,
            stop_seconds=arguments.stop_seconds,
            allowed_hosts=frozenset(host.lower() for host in arguments.allow_host),
        )
        serve_model(settings, _say, os.environ)

    return _told(run)


def _serve_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "readiness model serve", description="Serve a model as Ollama and as OpenAI do, on loopback."
    )
    add = parser.add_argument
    add("--model", help=f"name of a pulled model or path of a GGUF file; default: {DEFAULT.name}")
    add("--name", help="name to serve it under")
    add("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1")
    add("--port", type=_number(0, 65535), default=11434, help="default: 11434, Ollama's; 0: any free one")
    add("--slots", type=_number(1, 64), default=4, help="answers at once; default: 4")
    add(
        "--queue", type=_number(0, 10_000), default=64, help="requests that may wait beyond that; default: 64"
    )
    add(
        "--context",
        type=_number(64, 1 << 20),
        default=2048,
        help="tokens of prompt and answer; default: 2048",
    )
    add("--threads", type=_number(0, 512), default=0, help="default: one for each core")
    add(
        "--keep-alive",
        type=_duration,
        default=float("inf"),
        help="how long an idle model stays loaded; default: for ever",
    )
    add(
        "--stop-seconds",
        type=_number(1, 600),
        default=5,
        help="how long answers under way may take at a stop; default: 5",
    )
    add("--allow-host", action="append", default=[], metavar="HOST", help="a further name in the Host header")
    return parser


def _number(low: int, high: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is not within {low} and {high}")
        return value

    return number


def _duration(text: str) -> float:
    from readiness.models.ollama.duration import parse_duration

    try:
        seconds = float(text) if text.lstrip("-").isdigit() else parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return float("inf") if seconds < 0 else seconds


def _say(text: str) -> None:
    print(text, flush=True)


def _told(run: Callable[[], object]) -> int:
    try:
        run()
    except ModelError as error:
        return _fail(str(error), EXIT_FAILED)
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    return EXIT_DONE


def _fail(message: str, code: int) -> int:
    print(f"readiness model: {message}", file=sys.stderr)
    return code

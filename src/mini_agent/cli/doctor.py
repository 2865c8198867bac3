"""`mini-agent doctor`: does the sandbox hold here, what is set, does the model's server answer."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator, Mapping

from mini_agent.cli.exit_codes import OK, UNUSABLE
from mini_agent.settings import Settings

_SECRET_ENDS = ("_TOKEN", "_KEY", "_HEADERS", "_FALLBACKS", "_SERVERS")
_PREFIXES = ("MINI_AGENT_", "OTEL_", "OPENAI_", "OLLAMA_", "READINESS_")


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--no-model", action="store_true", help="do not ask the model's server")


def run(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """0 when everything that a run needs is there. Raises ValueError for settings that cannot be used."""
    from mini_agent.sandbox.doctor import doctor_lines

    settings = Settings.from_environment(environ)
    lines, holds = doctor_lines()
    for line in (*lines, *setting_lines(settings, environ)):
        print(line)
    answers = True if asked.no_model else _model(settings)
    return OK if holds and answers else UNUSABLE


def setting_lines(settings: Settings, environ: Mapping[str, str]) -> Iterator[str]:
    """What is set, secrets as their being set."""
    exposed = "reachable from elsewhere" if settings.beyond_loopback else "this machine alone"
    token = "asked for" if settings.token else "NOT SET" if settings.beyond_loopback else "not asked for"
    yield f"address: {settings.host}:{settings.port} ({exposed}); bearer token: {token}"
    yield f"traces: {settings.trace_path or 'off'}"
    for name in sorted(environ):
        if name.startswith(_PREFIXES):
            yield f"  {name}={_shown(name, environ[name])}"


def _shown(name: str, value: str) -> str:
    if name.endswith(_SECRET_ENDS):
        return f"(set, {len(value)} characters)"
    return "".join(one if one.isprintable() else "?" for one in value[:200])


def _model(settings: Settings) -> bool:
    from mini_agent.interfaces import ModelError

    if not settings.model.base:
        print("model: NONE, set MINI_AGENT_API_BASE")
        return False
    try:
        names = asyncio.run(_names(settings))
    except ModelError as error:
        print(f"model: {settings.model.base} DOES NOT ANSWER: {error}")
        return False
    shown = ", ".join(names[:5]) + (" ..." if len(names) > 5 else "")
    print(f"model: {settings.model.base} answers; {len(names)} models: {shown}")
    return True


async def _names(settings: Settings) -> list[str]:
    from mini_agent.app.upstream_models import UpstreamModels

    models = UpstreamModels(settings.model.base, settings.model.api_key)
    try:
        return list(await models.names({}))
    finally:
        await models.aclose()

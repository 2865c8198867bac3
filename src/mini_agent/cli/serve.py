"""`mini-agent serve`: puts the parts together and serves them."""

from __future__ import annotations

import argparse
import asyncio
import functools
import logging
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mini_agent.settings import Settings

if TYPE_CHECKING:
    import socket

    from mini_agent.app.service import Service, Upstream
    from mini_agent.interfaces import ToolBackend
    from mini_agent.model.stand_in_rules import StandInRules
    from mini_agent.observe.observer import Observer


_QUIET_SECONDS = 2.0


def declare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="", help="address to bind (default 127.0.0.1)")
    parser.add_argument("--port", default="", help="port to bind, 0 for any free one (default 8788)")
    parser.add_argument("--token-file", default="", help="file that holds the bearer token")


def run(asked: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """Raises ValueError for settings that cannot be used, ServeError."""
    from mini_agent.app.server import authority, bound

    settings = Settings.from_environment(
        environ, host=asked.host, port=asked.port, token_file=asked.token_file
    )
    settings.check_exposure()
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    observer = open_observer(settings, environ)
    with bound(settings.host, settings.port) as listener:
        say = functools.partial(print, f"listening on http://{authority(listener)}", flush=True)
        try:
            asyncio.run(serve_parts(settings, listener, observer, say))
        finally:
            observer.close()
    return 0


def open_observer(settings: Settings, environ: Mapping[str, str]) -> Observer:
    """Raises ValueError where traces cannot be written, ImportError where spans are wanted without their extra."""
    from mini_agent.observe.observer import Observer
    from mini_agent.observe.spans import open_spans
    from mini_agent.observe.traces import TraceFile

    traces = TraceFile(settings.trace_path) if settings.trace_path else None
    if traces:
        try:
            traces.open_once()
        except OSError as error:
            raise ValueError(f"MINI_AGENT_STORE_PATH: {settings.trace_path}: {error.strerror}") from None
    try:
        spans = open_spans(environ, version())
    except ImportError:
        raise ImportError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set, but OpenTelemetry is not installed: pip install 'readiness[telemetry]'"
        ) from None
    return Observer(traces=traces, spans=spans)


async def serve_parts(
    settings: Settings, listener: socket.socket, observer: Observer, say: functools.partial[None]
) -> None:
    """Serve on a bound socket until told to stop."""
    from mini_agent.app.application import application
    from mini_agent.app.server import serve
    from mini_agent.app.service import Upstream
    from mini_agent.app.upstream_models import UpstreamModels
    from mini_agent.model.open import open_model

    model = open_model(settings.model)
    models = UpstreamModels(settings.model.base, settings.model.api_key, _configured(settings))
    stand_in = functools.partial(stand_in_of, settings.model.stand_ins)
    upstream = Upstream(model.with_headers, models.names, stand_in, settings.model.base)
    trying = asyncio.ensure_future(settle())
    try:
        service = make_service(settings, listener, observer, upstream)
        await serve(application(service), service, listener, say)
    finally:
        trying.cancel()
        await models.aclose()
        await model.aclose()


async def settle() -> None:
    """Try to escape before the first request that needs the sandbox, so that a service without one says so early;
    and load what checks a tool's arguments, which would hold up everybody at the first call.

    Not at once: the attempts take a second of CPU, which belongs to being ready.
    """
    from mini_agent.loop.arguments import warm_up
    from mini_agent.sandbox.self_test import probe

    await asyncio.sleep(_QUIET_SECONDS)
    await asyncio.to_thread(warm_up)
    report = await asyncio.to_thread(probe)
    if not report.ok:
        logging.getLogger("mini_agent").warning("local tools are refused here: %s", report.reason)


def stand_in_of(rules: StandInRules, model: str) -> str:
    """Which stand-in will answer for this model, if any. One that is refused is the call's own failure."""
    from mini_agent.interfaces import ModelError, ModelRequest
    from mini_agent.model.stand_ins import stand_in_for

    try:
        return stand_in_for(ModelRequest(model, ()), rules)
    except ModelError:
        return ""


def _configured(settings: Settings) -> tuple[str, ...]:
    named = (settings.model.model, *(one.model for one in settings.model.fallbacks))
    return (*settings.models, *(name for name in named if name))


def make_service(
    settings: Settings, listener: socket.socket, observer: Observer, upstream: Upstream
) -> Service:
    """The service that `settings` describe, on that socket."""
    from mini_agent.app.guard import Guard
    from mini_agent.app.openapi.tool_urls import url_pattern
    from mini_agent.app.service import Identity, Service
    from mini_agent.tools.backends import open_backend

    host, port = listener.getsockname()[:2]

    def open_tools(kind: str, **asked: Any) -> ToolBackend:
        return open_backend(kind, settings.tools, **asked)

    return Service(
        upstream,
        open_tools,
        limits=settings.limits,
        guard=Guard(None if settings.beyond_loopback else settings.allowed_hosts, settings.token),
        observer=observer,
        identity=Identity(version(), host, port),
        allowed_tool_urls=url_pattern(settings.tools.allow),
        mcp_servers=tuple(settings.tools.mcp_servers),
    )


def version() -> str:
    """Of the installed distribution."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("readiness")
    except PackageNotFoundError:
        return "0"

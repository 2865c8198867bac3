"""The application: every path with its endpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mini_agent.app.agent_route import AgentRoute
from mini_agent.app.answering import json_response
from mini_agent.app.border import Border
from mini_agent.app.openai.route import ChatRoute
from mini_agent.app.refusal import Refusal
from mini_agent.app.service import Service
from mini_agent.app.status_routes import StatusRoutes

Endpoint = Callable[[Request], Awaitable[Response]]


def application(service: Service) -> Starlette:
    """An ASGI application around the service."""
    routes = [_route(method, path, endpoint) for (method, path), endpoint in endpoints(service).items()]
    paths = frozenset(route.path for route in routes)
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Border, service=service, known_paths=paths)],
        exception_handlers={404: _not_found, 405: _wrong_method},
    )
    app.router.redirect_slashes = False
    return app


def endpoints(service: Service) -> dict[tuple[str, str], Endpoint]:
    status = StatusRoutes(service)
    chat = ChatRoute(service)
    return {
        ("GET", "/ready"): status.ready,
        ("GET", "/healthz"): status.healthz,
        ("POST", "/agent/run"): AgentRoute(service).__call__,
        ("POST", "/v1/chat/completions"): chat.__call__,
        ("POST", "/chat/completions"): chat.__call__,
        ("GET", "/v1/models"): status.models,
        ("GET", "/metrics"): status.metrics,
        ("GET", "/openapi.json"): _description(service),
    }


def _route(method: str, path: str, endpoint: Endpoint) -> Route:
    return Route(path, endpoint, methods=[method])


def _description(service: Service) -> Endpoint:
    async def describe(_: Request) -> Response:
        from mini_agent.app.openapi.document import document

        return json_response(document(service))

    return describe


async def _not_found(_: Request, __: Exception) -> Response:
    return Refusal(404, "there is nothing at this path", code="not_found").response()


async def _wrong_method(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    message = "this path does not take that method"
    return Refusal(405, message, code="method_not_allowed", headers=error.headers).response()

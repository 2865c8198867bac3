"""What watches over the service asks for: is it ready, who is it, how does it do, which models are there."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from mini_agent.app.answering import json_response, stopping
from mini_agent.app.forwarded import forwarded
from mini_agent.app.openai.answer import models_json
from mini_agent.app.refusal import from_model
from mini_agent.app.service import Service
from mini_agent.interfaces import ModelError
from mini_agent.observe.metrics import CONTENT_TYPE


class StatusRoutes:
    """The endpoints, for one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def ready(self, _: Request) -> Response:
        """Whether requests can be served. Never calls a model."""
        if self._service.stopping:
            raise stopping()
        return json_response({"ok": True})

    async def healthz(self, _: Request) -> Response:
        identity = self._service.identity
        return json_response(
            {
                "ok": not self._service.stopping,
                "version": identity.version,
                "host": identity.host,
                "port": identity.port,
                "started_at": identity.started_at,
                "model_base": self._service.upstream.base,
            }
        )

    async def metrics(self, _: Request) -> Response:
        text = await asyncio.to_thread(self._service.observer.metrics.text)
        return Response(text, headers={"content-type": CONTENT_TYPE})

    async def models(self, request: Request) -> Response:
        try:
            names = await self._service.upstream.names(forwarded(request.scope["headers"]))
        except ModelError as failed:
            raise from_model(failed) from None
        return json_response(models_json(names, 0, "mini_agent"))

"""The names of the models that can be asked for: the configured ones, and those that the model's server lists."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from mini_agent.app.guard import is_loopback
from mini_agent.interfaces import ModelError

_SECONDS: Final = 5.0
_MOST_BYTES: Final = 4 << 20
_MOST_NAMES: Final = 5000


class UpstreamModels:
    """Asks `GET {base}/models`. One client for its life; belongs to one event loop."""

    def __init__(self, base: str, api_key: str = "", configured: Iterable[str] = ()) -> None:
        self._base = base
        self._key = api_key
        self._configured = list(dict.fromkeys(name for name in configured if name))
        self._client: Any = None

    async def names(self, headers: Mapping[str, str]) -> Sequence[str]:
        """The configured names first, each once. Raises ModelError when there are none and the server lists none."""
        try:
            listed = await self._listed(headers) if self._base else []
        except ModelError:
            if not self._configured:
                raise
            listed = []
        return list(dict.fromkeys([*self._configured, *listed]))

    async def _listed(self, headers: Mapping[str, str]) -> list[str]:
        import httpx2

        try:
            async with asyncio.timeout(_SECONDS):
                return _names_in(await self._get(headers))
        except TimeoutError:
            raise ModelError(
                f"the model's server did not list its models within {_SECONDS:g} s", 504
            ) from None
        except httpx2.HTTPError as error:
            raise ModelError(f"the model's server cannot be asked: {type(error).__name__}") from None

    async def _get(self, headers: Mapping[str, str]) -> bytes:
        import httpx2

        if not self._client:
            # Where no server uses TLS, the certificates are not loaded: that takes 30 ms of CPU.
            verify = self._base.startswith("https:")
            away = not is_loopback(urlsplit(self._base).hostname or "")
            self._client = httpx2.AsyncClient(trust_env=away, verify=verify, follow_redirects=False)
        sent = {**headers, **({"authorization": f"Bearer {self._key}"} if self._key else {})}
        body = bytearray()
        async with self._client.stream(
            "GET", f"{self._base}/models", headers=sent, timeout=_SECONDS
        ) as answer:
            if answer.status_code != 200:
                raise ModelError(
                    f"the model's server answered {answer.status_code} when asked for its models"
                )
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _MOST_BYTES:
                    raise ModelError("the model's server lists too many models")
        return bytes(body)

    async def aclose(self) -> None:
        if self._client:
            await self._client.aclose()
        self._client = None


def _names_in(body: bytes) -> list[str]:
    """Of OpenAI's list. What is no name is left out."""
    try:
        listed = json.loads(body)["data"]
        names = [one["id"] for one in listed]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise ModelError("the model's server gave no list of models") from None
    return [name for name in names if isinstance(name, str) and name.isprintable()][:_MOST_NAMES]

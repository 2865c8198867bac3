"""The secrets that a relay must never write: those of its environment, and those that pass through it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from readiness.record.redact import Redactor, secret_values
from readiness.relay.asked import SECRET_PARAMETERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any, Final

CREDENTIAL_FIELDS: Final = frozenset(
    (
        "authorization",
        "proxy-authorization",
        "x-api-key",
        "api-key",
        "x-goog-api-key",
        "x-auth-token",
        "cookie",
    )
)
MOST: Final = 256
"""Credentials that are remembered; a run has a few."""


class SecretsSeen:
    """Redacts text; learns each credential from the requests that carry one."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._own: Final = secret_values(environ)
        self._passing: Final[dict[str, tuple[str, ...]]] = {}
        self.redactor = Redactor(self._own)

    def learn(self, fields: Iterable[tuple[str, str]], query: str) -> None:
        """Remember the credentials of a request; the oldest are forgotten when there are too many."""
        for field in _credentials(fields, query):
            if field in self._passing:
                continue
            words = re.split(r"[\s;,=]+", field)
            self._passing[field] = tuple(
                one for word in words for one in secret_values({"API_KEY": word, "URL": word})
            )
            if len(self._passing) > MOST:
                del self._passing[next(iter(self._passing))]
            if self._passing[field]:
                self.redactor = Redactor(
                    {*self._own, *(one for group in self._passing.values() for one in group)}
                )

    def clean(self, one: Any) -> Any:
        """JSON data without secrets in any of its texts."""
        if isinstance(one, str):
            return self.redactor.text(one)
        if isinstance(one, dict):
            return {self.clean(name): self.clean(each) for name, each in one.items()}
        if isinstance(one, (list, tuple)):
            return [self.clean(each) for each in one]
        return one


def _credentials(fields: Iterable[tuple[str, str]], query: str) -> Iterator[str]:
    yield from (value for name, value in fields if name.lower() in CREDENTIAL_FIELDS)
    if query:
        parameters = parse_qsl(query, errors="replace")
        yield from (value for name, value in parameters if name.lower() in SECRET_PARAMETERS)

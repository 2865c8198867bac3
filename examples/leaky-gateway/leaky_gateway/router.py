"""Which model answers a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LARGE = "gateway-large"
SMALL = "gateway-small"


def choose_model(request: Mapping[str, Any]) -> str:
    return LARGE if request.get("tool") else SMALL

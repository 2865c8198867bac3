"""What calls cost: a table of list prices that the operator gives, and one multiplication.

None is shipped: prices change, and a run that is stopped by `max_cost` must not be stopped by an old guess.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mini_agent.conversation import Usage
from mini_agent.model.base_url import SettingsError

MILLION: Final = 1_000_000
RELEASE: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
"""What a provider appends to a model's name to pin a release of it."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars a token."""

    prompt: float
    completion: float


def load_prices(path: str) -> dict[str, Price]:
    """Read `{"models": {name: {"prompt": 2.5, "completion": 10.0}}}`, in dollars a million tokens. Raises SettingsError.

    `per_tokens` beside `models` names another number of tokens.
    """
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return _read(data)
    except OSError as error:
        raise SettingsError(f"MINI_AGENT_PRICES: {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"MINI_AGENT_PRICES: {path} is no price table ({type(error).__name__}: {error}); it looks like "
            '{"models": {"name": {"prompt": 2.5, "completion": 10.0}}}, in dollars a million tokens'
        ) from None


def _read(data: Mapping[str, Any]) -> dict[str, Price]:
    unit = float(data.get("per_tokens", MILLION))
    if not 0 < unit < float("inf"):
        raise ValueError(f"per_tokens is {unit}")
    return {name: _price(name, price, unit) for name, price in data["models"].items()}


def _price(name: str, price: Mapping[str, Any], unit: float) -> Price:
    prompt, completion = float(price["prompt"]), float(price["completion"])
    if not (0 <= prompt < float("inf") and 0 <= completion < float("inf")):
        raise ValueError(f"the price of {name} is no amount")
    return Price(prompt / unit, completion / unit)


def price_of(prices: Mapping[str, Price], *names: str) -> Price | None:
    """The price of the first name that has one, with or without the release at its end; None when none is known."""
    for name in names:
        found = prices.get(name) or prices.get(RELEASE.sub("", name))
        if found:
            return found
    return None


def cost(price: Price | None, usage: Usage) -> float:
    """US dollars; 0 where no price is known, which `Reply.cost_known` says."""
    return price.prompt * usage.prompt + price.completion * usage.completion if price else 0.0

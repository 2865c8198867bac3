"""What calls cost: a dated table of list prices as data, and one multiplication.

Prices change; `prices` in a relay's plan names a newer table. A model that is not in it has no cost, rather than a
guessed one. Discounts for cached or batched tokens are left out, so a cost is an upper bound.
"""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING

from readiness.record.value import value

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

SHIPPED: Final = os.path.join(os.path.dirname(__file__), "prices.json")
RELEASE: Final = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")
"""What a provider appends to a model's name to pin a release of it."""


class PriceError(Exception):
    """A price table cannot be used; the message says where and why."""


@value
class Price:
    """Of one prompt token and of one completion token, in the table's currency."""

    prompt: float
    completion: float


@value
class Prices:
    """`date` is the day on which the prices held."""

    date: str
    currency: str
    models: Mapping[str, Price]


def load_prices(path: str = SHIPPED) -> Prices:
    """Read a table in the form of prices.json. Raises PriceError."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return _prices(data)
    except OSError as error:
        raise PriceError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise PriceError(
            f"{path}: is no price table ({type(error).__name__}: {error}); see the shipped prices.json"
        ) from error


def _prices(data: Mapping[str, Any]) -> Prices:
    per = float(data["per_tokens"])
    if per <= 0:
        raise ValueError("per_tokens must be over 0")
    models = {
        name: Price(float(one["prompt"]) / per, float(one["completion"]) / per)
        for name, one in data["models"].items()
    }
    negative = [name for name, one in models.items() if min(one.prompt, one.completion) < 0]
    if negative:
        raise ValueError(f"negative price of {negative[0]}")
    return Prices(str(data["date"]), str(data["currency"]), models)


def price_of(prices: Prices, model: str) -> Price | None:
    """The price of `model`, of its release of a certain day, or of it under a provider's prefix (`openai/…`)."""
    name = model.rpartition("/")[2]
    plain = RELEASE.sub("", name)
    return prices.models.get(model) or prices.models.get(name) or prices.models.get(plain)


def cost(prices: Prices, model: str, prompt: int | None, completion: int | None) -> float | None:
    """The cost of one call, or None when the price or a count is not known."""
    price = price_of(prices, model)
    if price is None or prompt is None or (completion is None and price.completion):
        return None
    return round(prompt * price.prompt + (completion or 0) * price.completion, 9)

from __future__ import annotations

import datetime
import json

import pytest

from readiness.relay.prices import Price, PriceError, Prices, cost, load_prices, price_of

PRICES = Prices(
    "2026-01-01", "USD", {"small": Price(1.0, 2.0), "small-mini": Price(0.1, 0.2), "embed": Price(0.5, 0.0)}
)


def test_the_shipped_table_is_dated_and_whole():
    prices = load_prices()
    assert datetime.date.fromisoformat(prices.date) <= datetime.date.today()
    assert prices.currency == "USD"
    assert all(0 <= one.prompt <= one.completion or not one.completion for one in prices.models.values())
    assert cost(prices, "gpt-4o-mini-2024-07-18", 1_000_000, 1_000_000) == 0.75


@pytest.mark.parametrize(
    "name", ["small", "small-2026-02-03", "small-20260203", "small-latest", "openai/small"]
)
def test_a_release_costs_what_its_model_costs(name):
    assert price_of(PRICES, name) == Price(1.0, 2.0)


@pytest.mark.parametrize("name", ["", "smal", "smaller", "small-maxi", "small-2026", "x-latest"])
def test_no_price_is_guessed(name):
    assert price_of(PRICES, name) is None
    assert cost(PRICES, name, 1, 1) is None


def test_a_cost_needs_the_counts():
    assert cost(PRICES, "small", 3, 2) == 7.0
    assert cost(PRICES, "small", 3, None) is None
    assert cost(PRICES, "small", None, 2) is None
    assert cost(PRICES, "embed", 3, None) == 1.5


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"per_tokens": 0, "models": {}, "date": "", "currency": ""}',
     json.dumps({"per_tokens": 1, "date": "", "currency": "", "models": {"m": {"prompt": -1, "completion": 1}}})],
)  # fmt: skip
def test_what_is_no_table_is_refused(tmp_path, text):
    (tmp_path / "prices.json").write_text(text)
    with pytest.raises(PriceError, match=r"prices\.json"):
        load_prices(str(tmp_path / "prices.json"))
    with pytest.raises(PriceError, match="cannot be read"):
        load_prices(str(tmp_path / "missing.json"))

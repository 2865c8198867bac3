from __future__ import annotations

import pytest

from mini_agent.conversation import Usage
from mini_agent.model.base_url import SettingsError
from mini_agent.model.prices import Price, cost, load_prices, price_of

PRICES = {"gpt-4o": Price(2.0, 10.0), "small": Price(0.0, 0.0)}


@pytest.mark.parametrize("name", ["gpt-4o", "gpt-4o-2024-08-06", "gpt-4o-20240806", "gpt-4o-latest"])
def test_a_release_has_the_price_of_its_model(name):
    assert price_of(PRICES, name) == PRICES["gpt-4o"]


def test_the_first_name_with_a_price_wins():
    assert price_of(PRICES, "unknown", "small") == PRICES["small"]
    assert price_of(PRICES, "gpt-4o-mini", "") is None


def test_cost():
    assert cost(PRICES["gpt-4o"], Usage(3, 2)) == 26.0
    assert cost(None, Usage(3, 2)) == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "[]",
        "{}",
        '{"models": []}',
        '{"models": {"m": 3}}',
        '{"models": {"m": {"prompt": 1}}}',
        '{"models": {"m": {"prompt": -1, "completion": 1}}}',
        '{"models": {"m": {"prompt": NaN, "completion": 1}}}',
        '{"models": {"m": {"prompt": "cheap", "completion": 1}}}',
        '{"per_tokens": 0, "models": {}}',
    ],
)
def test_a_bad_table_is_told_with_its_place(tmp_path, text):
    path = tmp_path / "prices.json"
    path.write_text(text)
    with pytest.raises(SettingsError, match=r"MINI_AGENT_PRICES: .*prices\.json"):
        load_prices(str(path))


def test_a_missing_table(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        load_prices(str(tmp_path / "none.json"))


def test_another_unit(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text('{"per_tokens": 1000, "models": {"m": {"prompt": 1, "completion": 2}}}')
    assert load_prices(str(path)) == {"m": Price(0.001, 0.002)}

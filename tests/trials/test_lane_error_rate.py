"""Twenty good checks at once: a red lane at most one time in twenty, through the decisions that `readiness run` takes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from readiness.trials.boundary import operating
from readiness.trials.zone import Zone

BENCH = Path(__file__).parents[2] / "bench"


@pytest.fixture(scope="module")
def lanes() -> ModuleType:
    """The script that made the committed figures."""
    spec = importlib.util.spec_from_file_location("trials_lanes", BENCH / "trials_lanes.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_twenty_good_checks_seldom_make_a_red_lane(lanes: ModuleType) -> None:
    found = lanes.simulate(0.95, 20, sharing=20)
    assert found["red"] <= 0.05 * found["lanes"]
    assert found["green_share"] >= 0.9


def test_without_sharing_alpha_they_often_would(lanes: ModuleType) -> None:
    assert lanes.simulate(0.95, 10, sharing=1)["red"] >= 2


def test_bad_checks_always_do(lanes: ModuleType) -> None:
    assert lanes.simulate(0.80, 4, sharing=20)["red_share"] == 1.0


def test_the_exact_chance_of_a_red_lane_is_within_alpha() -> None:
    zone = Zone()
    shared = operating(zone.with_checks(20), zone.good)
    assert 1.0 - (1.0 - shared.not_ready) ** 20 <= zone.alpha
    assert 1.0 - (1.0 - operating(zone, zone.good).not_ready) ** 20 > 0.4


def test_the_committed_figures_are_what_was_asked_for() -> None:
    found = json.loads((BENCH / "trials-lanes-results.json").read_text(encoding="utf-8"))
    first = found["rows"][0]
    assert (first["true_rate"], first["alpha_shared_among"], first["lanes"]) == (0.95, 20, 1000)
    assert first["red_share"] <= 0.05
    assert first["red_share"] == pytest.approx(first["red_share_exact"], abs=0.02)

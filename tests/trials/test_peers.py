"""The comparison with other tools: its own parts, and the committed figures."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
FOUND = json.loads((ROOT / "bench/trials-peers-results.json").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs/trials.md").read_text(encoding="utf-8")


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("trials_peers", ROOT / "bench/trials_peers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Its dataclasses look their module up.
    monkeypatch.setitem(sys.modules, "trials_peers", module)
    spec.loader.exec_module(module)
    return module


def test_the_committed_figures_of_ours_are_made_again(peers: ModuleType) -> None:
    sources = [peers.simulated(rate, 100) for rate in peers.RATES] + peers.recorded(100)
    said = peers.each(peers.sequential)(sources)
    rows = {one.name: peers.scored(one, said[one.name]) for one in sources}
    assert rows == FOUND["tools"]["readiness"]["sources"]


def test_a_wrong_verdict_is_counted_as_one(peers: ModuleType) -> None:
    judged = [peers.Judged("pass", 3), peers.Judged("fail", 5), peers.Judged("undecided", 7)]
    for rate, wrong in ((0.95, 1), (0.80, 1), (0.90, None)):
        row = peers.scored(peers.Source("s", rate, ((),) * 3), judged)
        assert (row["wrong"], row["undecided"], row["mean_calls"]) == (wrong, 1, 5.0)


def test_ours_errs_no_more_than_its_risks_say() -> None:
    found = FOUND["tools"]["readiness"]["sources"].values()
    assert all(row["wrong"] <= 5 for row in found if row["wrong"] is not None)
    assert FOUND["streams"] == 100


@pytest.mark.parametrize(
    ("row", "tool"),
    [
        ("readiness", "readiness"),
        ("pytest-probability 0.3.0, sequential", "pytest-probability, sequential, at most 100"),
        ("pytest-probability 0.3.0, 50 runs, curtailed", "pytest-probability, 50 runs, curtailed"),
        ("pytest-repeated 0.3.10, 45 of 50", "pytest-repeated, 45 of 50"),
        ("fixed repeat of 10, 9 must pass", "fixed repeat of 10, 9 must pass"),
        ("retried until green, 2 reruns", "pytest-rerunfailures, 2 reruns"),
    ],
)
def test_the_page_shows_these_figures(row: str, tool: str) -> None:
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {row} |"))
    cells = [cell.strip() for cell in line.strip("|").split("|")][1:]
    for source, cell in zip(("rate 0.95", "rate 0.8", "rate 0.5", "model: capital"), cells, strict=True):
        found = FOUND["tools"][tool]["sources"][source]
        assert cell.startswith(f"{found['wrong']}%, {found['mean_calls']:.1f}")
        assert ("undecided" in cell) is (found["undecided"] > 0)

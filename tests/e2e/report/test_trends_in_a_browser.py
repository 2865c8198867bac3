"""The page of `readiness history page` in a real browser: nothing is fetched, keys reach all of it, light, dark, on a phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from readiness.report.html.trends import trends_page
from readiness.store.reading import CheckCourse, LaneSeen, RunSeen, TrialsSeen
from readiness.store.test_rates import TestRates
from readiness.store.trends import Trends

playwright = pytest.importorskip("playwright.sync_api", reason="the browser needs playwright")
CHROMIUM = os.environ.get("READINESS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium: install one or name it in READINESS_CHROMIUM"
)

AT = "2026-01-10T00:00:00Z"
EVIL = "<img src=x onerror=alert(1)></script><script>document.title='fooled'</script>\u202e" + "x" * 80


def shown() -> Trends:
    words = ("READY", "NOT READY", "INCONCLUSIVE", "")
    points = tuple(
        (f"r{n}", AT, outcome, 1.0 + n)
        for n, outcome in enumerate(["passed", "failed", "hollow", "passed"] * 5)
    )
    return Trends(
        runs=tuple(
            RunSeen(f"r{n}", "gate", AT, words[n % 4], "", "dev", 9.0 + n, "c" * 40, "main", False, 2, 1, (EVIL,))
            for n in range(80)
        ),
        lanes=(LaneSeen("core", 80, "r79", AT, "NOT READY", "r76", AT, "c" * 40),),
        courses=(CheckCourse(EVIL, "core", points),),
        tests=(TestRates(EVIL, EVIL, 0.5, 4, 2, 2, 0.5, 0.1, 2.0, AT, AT, "r", "c", EVIL, EVIL),),
        trials=(TrialsSeen("c", "t", 2, 9, 1, 0, "r", AT, "READY", 0.9, 0.5, 0.6, 0.99, 1.0),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trends") / "trends.html"
    path.write_text(trends_page(shown(), EVIL, AT))
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    # As root, Chromium starts without its sandbox or not at all.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(params=["light", "dark"])
def page(request: pytest.FixtureRequest, browser: Any, file: Path) -> Iterator[Any]:
    """On a phone, in both schemes; it asks for nothing and complains of nothing."""
    context = browser.new_context(color_scheme=request.param, viewport={"width": 360, "height": 740})
    opened = context.new_page()
    heard: list[str] = []
    for event in ("console", "pageerror", "dialog"):
        opened.on(event, lambda message: heard.append(str(message)))
    opened.on("request", lambda asked: heard.append(asked.url))
    opened.goto(file.as_uri())
    yield opened
    assert heard == [file.as_uri()]
    context.close()


def test_the_page_is_read_by_anybody_and_fools_nobody(page: Any) -> None:
    assert page.title().startswith("Trends of <img src=x")
    assert page.locator("img, script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert page.locator("svg[role=img]").count() == 2
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    stops = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        stops.add(page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert {"Lanes", "Each check through these runs, oldest first", "Tests by their mean duration"} <= stops


def test_axe_finds_no_serious_fault(page: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = axe.Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []

"""The pictures of the documentation, taken of the real report of a real red run of examples/leaky-gateway.

`UPDATE_DOCS=1` puts them where docs/guide.md and docs/reports.md show them.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="the browser needs playwright")
CHROMIUM = os.environ.get("READINESS_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium: install one or name it in READINESS_CHROMIUM"
)

ROOT = Path(__file__).resolve().parents[3]
DESK: dict[str, Any] = {"viewport": {"width": 1000, "height": 760}}
TAKEN: dict[str, dict[str, Any]] = {
    "report-light": DESK,
    "report-dark": {**DESK, "color_scheme": "dark"},
    "story-light": {"viewport": {"width": 1000, "height": 1000}},
    "story-dark": {**DESK, "color_scheme": "dark"},
    "story-phone": {"viewport": {"width": 360, "height": 740}, "has_touch": True},
}


def red_run(make_project) -> Path:
    """The report of a run as docs/guide.md has it; the check that is there twice is taken out."""
    project = make_project({}, name="leaky-gateway")
    shutil.copytree(ROOT / "examples" / "leaky-gateway", project.root, dirs_exist_ok=True)
    config = project.root / "readiness.yml"
    head, _, rest = config.read_text().partition(
        "  - name: code_loop_python\n    lane: core\n    description: Moved"
    )
    config.write_text(head + "  # Before the split" + rest.partition("  # Before the split")[2])
    project.commit()
    ran = project.run("--quiet", "--gate", "deploy", "--lane", "core", "--strict")
    assert ran.code == 1, ran.out + ran.err
    return project.root / ".readiness" / "latest" / "report.html"


def test_the_pictures_show_the_verdict_and_the_story_of_a_real_run(make_project, tmp_path: Path) -> None:
    report = red_run(make_project)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=arguments)
        for name, context in TAKEN.items():
            page = browser.new_page(**context)
            page.goto(report.as_uri())
            page.wait_for_selector("html[data-started]")
            assert page.locator("h1").inner_text() == "✘ NOT READY"
            finding = page.locator("#story-0 .finding").first
            assert "HttpToolsInvoker" in finding.inner_text()
            assert page.evaluate("document.documentElement.scrollWidth") <= context["viewport"]["width"]
            if name.startswith("story"):
                finding.evaluate("one => one.scrollIntoView()")
            page.screenshot(path=tmp_path / f"{name}.png")
            page.close()
        browser.close()
    pictures = {name: (tmp_path / f"{name}.png").read_bytes() for name in TAKEN}
    assert len(set(pictures.values())) == len(TAKEN)
    if os.environ.get("UPDATE_DOCS") == "1":
        for name, picture in pictures.items():
            (ROOT / "docs" / "pictures" / f"{name}.png").write_bytes(picture)


def test_every_picture_that_a_page_shows_is_there() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for line in page.read_text().split("](pictures/")[1:]:
            assert (ROOT / "docs" / "pictures" / line.partition(")")[0]).stat().st_size > 5000

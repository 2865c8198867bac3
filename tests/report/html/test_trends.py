from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.record.outcome import Outcome
from readiness.report.html.trends import trends_page
from readiness.store.reading import CheckCourse, LaneSeen, RunSeen, TrialsSeen
from readiness.store.test_rates import TestRates
from readiness.store.trends import Trends

AT = "2026-01-10T00:00:00Z"
EVIL = "<img src=x onerror=alert(1)></script><style>*{}</style>\x1b[31m\u202e&amp;\"'"


def a_run(text: str, verdict: str = "READY") -> RunSeen:
    return RunSeen(text, "gate", AT, verdict, "", text, 2.0, text, text, True, 2, 1, (text,))


def some(text: str, runs: int = 3) -> Trends:
    """Everything that a page can show, with this text wherever text from outside goes."""
    outcomes = [*Outcome, text]
    points = tuple((text, AT, str(outcome), float(number)) for number, outcome in enumerate(outcomes))
    return Trends(
        runs=tuple(a_run(text, verdict) for verdict in (["READY", "NOT READY", ""] * runs)[:runs]),
        lanes=(
            LaneSeen(text, 3, text, AT, text, text, AT, text),
            LaneSeen("nd", 1, "", AT, "READY", "", "", ""),
        ),
        courses=(
            CheckCourse(text, text, points),
            CheckCourse("same", "core", ((text, AT, "passed", None),)),
        ),
        tests=(TestRates(text, text, 0.5, 4, 2, 2, 0.5, 0.1, 2.0, AT, AT, text, text, text, text),),
        trials=(TrialsSeen(text, "", 2, 9, 1, 0, text, AT, text, 0.9, 0.5, 0.6, 0.99, 1.0),),
    )


class Elements(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@given(st.text(st.characters(exclude_categories=()), max_size=40) | st.just(EVIL))
@settings(max_examples=40)
def test_text_from_outside_makes_no_element_and_loads_nothing(text):
    page = trends_page(some(text), text, AT)
    page.encode("utf-8")
    plain = trends_page(some("x"), "x", AT)
    assert [name for name, _ in Elements(page).found if name != "code"] == [
        name for name, _ in Elements(plain).found if name != "code"
    ]
    assert not re.search(r'(?:src|href)="(?!#)', page)


def test_there_is_no_script_and_the_policy_allows_none():
    page = trends_page(some("x"), "x", AT)
    names = [name for name, _ in Elements(page).found]
    assert "script" not in names
    policy = next(held["content"] for name, held in Elements(page).found if "http-equiv" in held)
    assert "default-src 'none'; script-src 'none'; style-src 'sha256-" in policy


def test_every_picture_says_in_words_what_it_shows():
    page = trends_page(some("x"), "x", AT)
    pictures = [held for name, held in Elements(page).found if name == "svg"]
    assert [held["aria-label"] for held in pictures] == [
        "How long the last 3 runs took, oldest first: 1 READY, 1 NOT READY, 1 imported",
        "11 runs, 0.00 s to 10.0 s",
    ]
    assert all(held["role"] == "img" for held in pictures)


def test_only_what_passed_is_green():
    one = CheckCourse(
        "c", "core", (("r", AT, "hollow", 1.0), ("r", AT, "passed", 1.0), ("r", AT, "failed", 1.0))
    )
    page = trends_page(Trends((a_run("r", "INCONCLUSIVE"),), (), (one,), (), ()), "p", AT)
    body = page[page.index("<body") :]
    assert re.findall(r'<circle[^>]*class="(\w+)"', body) == ["open", "bad"]
    assert 'class="good"' not in body


@pytest.mark.parametrize("runs", [0, 1, 500])
def test_the_page_stays_small_and_says_what_is_left_out(runs):
    page = trends_page(some("x" * 5000, runs), "p", AT)
    assert len(page) < 400_000
    assert ("450 more: see" in page) == (runs == 500)
    assert ("No run is in the history yet" in page) == (runs == 0)

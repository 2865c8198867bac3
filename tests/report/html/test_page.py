"""The page holds the whole record, as text alone, and nothing in it can ask for anything or run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from readiness.record.finding import Cause, Finding, LeftOver, Patch
from readiness.record.outcome import Outcome, Verdict
from readiness.record.record import Record
from readiness.record.result import Failure, Skip
from readiness.record.value import replace
from readiness.report.html.page import asset, report_html
from readiness.report.html.tails import Tail
from readiness.report.plain import plain

Draw = Callable[[st.DataObject], Any]
VOID = {"meta", "input", "line", "rect", "polyline", "circle"}
# A failing record is shown as it was drawn: making one smaller takes minutes.
SETTINGS = settings(
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=40,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
)
URLS = {"href", "src", "srcset", "action", "formaction", "data", "poster", "xlink:href", "background", "ping"}
ELEMENTS = set(
    re.findall(
        "[a-z0-9]+",
        """html head meta title style body a main header h1 h2 h3 h4 h5 p ul li nav section table caption thead tbody tr
        th td div span code pre bdi details summary dl dt dd form label input select option fieldset legend button
        script svg g rect line polyline text figure figcaption""",
    )
)


class Page(HTMLParser):
    """What a parser sees: elements in order with their attributes, and the text of each."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[tuple[str, str]] = []
        self.comments: list[str] = []
        self.stack: list[str] = []
        self.feed(source)
        self.close()
        assert self.stack == [], "every element is closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), "no attribute stands twice"
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append((self.stack[-1] if self.stack else "", data))

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def of(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag == name]

    def inside(self, name: str) -> str:
        return "".join(data for tag, data in self.text if tag == name)

    @property
    def visible(self) -> str:
        return "".join(data for tag, data in self.text if tag not in ("script", "style"))

    def data(self, name: str) -> Any:
        found = [d for tag, d in self.text if tag == "script"]
        ids = [attributes.get("id") for attributes in self.of("script")]
        return json.loads(found[ids.index(name)])


def harmless(page: Page) -> None:
    """Only our elements, no handler, no address but of this page, no script but ours."""
    assert {name for name, _ in page.elements} <= ELEMENTS
    assert page.comments == []
    for name, attributes in page.elements:
        assert not any(key.startswith("on") or key == "style" for key in attributes), (name, attributes)
        for key in URLS & set(attributes):
            assert re.fullmatch(r"#[a-z]+(-[a-z0-9]+)*", attributes[key] or ""), (name, attributes)
    assert [one.get("type") for one in page.of("script")] == ["application/json", "application/json", None]
    assert [d for tag, d in page.text if tag == "script"][-1] == asset("page.js")
    assert page.inside("style") == asset("page.css")


@SETTINGS
@given(st.data())
def test_no_text_of_any_record_becomes_markup(any_record: Draw, data: st.DataObject) -> None:
    record = any_record(data)
    logs = tuple(Tail(check.log, check.reason.encode("utf-8", "replace"), 10) for check in record.checks[:2])
    source = report_html(record, logs)
    assert source == report_html(record, logs)
    page = Page(source)
    harmless(page)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x1b\ud800-\udfff]", source)
    assert len(page.data("table-data")["rows"]) == len(record.checks) + sum(
        len(check.failures) + len(check.skips) for check in record.checks
    )
    bad = [check.reason for check in record.checks if check.outcome is not Outcome.PASSED]
    for text in (*record.reasons, *bad):
        assert plain(text)[:300].strip() in page.visible
    whys = [row[5] for row in page.data("table-data")["rows"]]
    assert all(plain(check.reason)[:200] in "\n".join(whys) for check in record.checks)


@SETTINGS
@given(st.data())
def test_only_what_passed_is_green(any_record: Draw, data: st.DataObject) -> None:
    record = any_record(data)
    record = replace(record, checks=tuple(replace(check, trials=None) for check in record.checks))
    page = Page(report_html(record))
    greens = [a for _, a in page.elements if "good" in str(a.get("class", "")).split()]
    ready = (record.verdict is Verdict.READY) + sum(one.verdict == "READY" for one in record.lanes.values())
    assert len(greens) == ready
    table = page.data("table-data")
    assert [word for word, _, colour in table["outcomes"] if colour == "good"] == ["passed"]


@pytest.fixture(scope="module")
def page(seed: Record) -> Page:
    logs = (Tail(seed.checks[0].log, b"collected 43 items\nFAILED <here>\n", 33),)
    return Page(report_html(seed, logs))


def test_the_policy_allows_this_style_and_script_alone(page: Page) -> None:
    (policy,) = [one["content"] for one in page.of("meta") if one.get("http-equiv")]
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for kind, text in (("script-src", asset("page.js")), ("style-src", asset("page.css"))):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}';" in policy
    names = [name for name, _ in page.elements]
    meta = [index for index, (name, one) in enumerate(page.elements) if one.get("http-equiv")]
    assert meta[0] < names.index("style") < names.index("script"), "it stands before what it rules"


def test_the_page_asks_for_nothing(page: Page, seed: Record) -> None:
    harmless(page)
    assert not re.search(r"https?:|//[a-z]|url\(|@import", asset("page.css"))
    assert not re.search(r"https?:|fetch\(|XMLHttp|innerHTML|eval|import\(|WebSocket", asset("page.js"))


def test_the_verdict_is_first_and_says_why(page: Page, seed: Record) -> None:
    assert page.inside("h1") == " NOT READY"
    headings = [name for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert headings[0] == "h1"
    assert headings.count("h1") == 1
    for before, after in pairwise(headings):
        assert int(after[1]) <= int(before[1]) + 1, "no level is left out"
    assert page.visible.index(seed.reasons[0]) < page.visible.index("Lanes")
    assert "readiness run all_smokes_core --gate deploy --strict" in page.inside("pre")


def test_a_failure_has_its_whole_story(page: Page, seed: Record) -> None:
    failure = seed.checks[0].failures[0]
    for text in (failure.test, failure.where, failure.blob, seed.checks[0].command, seed.checks[0].log):
        assert text in page.inside("code") + page.inside("pre")
    assert failure.message in page.inside("pre")
    assert "assert recorded == {'X-Env': 'B', 'X-Req': 'C'}" in page.inside("pre")
    assert [one["data-log"] for one in page.of("a") if "data-log" in one] == ["0"]


def test_the_table_has_what_did_not_pass_first(page: Page, seed: Record) -> None:
    table = page.data("table-data")
    words = [table["outcomes"][row[3]][0] for row in table["rows"]]
    assert words == ["failed", "not run", "hollow", "passed", "failed", "skipped"]
    assert [row[6] for row in table["rows"]] == [0, 1, 2, -1, 0, -1]
    stories = [one["id"] for one in page.of("details")]
    assert stories == ["story-0", "story-1", "story-2"]
    assert table["unlisted"] == 43 + 7 + 3 - 2, "only the failure and the skip of the first check are listed"


def test_logs_are_data_and_what_is_missing_is_said(page: Page) -> None:
    (log,) = page.data("log-data")
    assert log["text"] == "collected 43 items\nFAILED <here>\n"
    assert log["left"] == ""
    assert "3 more logs left out here, see the files." in page.visible


def test_every_control_and_drawing_has_a_name_and_every_link_a_target(page: Page) -> None:
    ids = {one["id"] for _, one in page.elements if one.get("id")}
    assert len(ids) == sum(bool(one.get("id")) for _, one in page.elements)
    for link in page.of("a"):
        assert str(link["href"])[1:] in ids
    for name, one in page.elements:
        if one.get("role") in ("img", "region", "search") or name == "nav":
            assert one.get("aria-label")
        if one.get("tabindex") not in (None, "0", "-1"):
            raise AssertionError(f"{name} changes the order of the keyboard")
    assert page.elements[[n for n, _ in page.elements].index("body") + 1][1]["class"] == "skip"


def test_ten_megabytes_of_message_make_a_small_page(seed: Record) -> None:
    huge = "<script>\x1b[31m\u202e" * 700_000
    failures = tuple(Failure(huge, "call", "failure", huge, huge, huge, huge) for _ in range(3))
    check = replace(seed.checks[0], reason=huge, failures=failures, skips=(Skip(huge, huge),), log=huge)
    check = replace(check, last_output=huge, command=huge, name=huge)
    check = replace(check, warnings=(huge,) * 3, survivors=(huge,), place=huge)
    cause = Cause(huge, huge, huge, huge, huge, huge, stack=(huge,) * 9)
    patch = Patch(huge, huge, True, huge, (huge,) * 9)
    finding = Finding(huge, "victim", huge, (cause,) * 9, (huge,) * 9, patch, huge)
    check = replace(check, findings=(finding,) * 30, left_over=(LeftOver(huge, huge, huge),) * 30)
    record = replace(seed, checks=(check,) * 20, reasons=(huge,), notes=(huge,), interrupted=huge)
    started = time.process_time()
    source = report_html(record)
    assert time.process_time() - started < 4.0, "no text is read whole"
    harmless(Page(source))
    assert len(source) < 3_000_000


def test_ten_thousand_checks_keep_the_document_small(seed: Record) -> None:
    many = tuple(replace(seed.checks[0], name=f"check_{n}") for n in range(10_000))
    source = report_html(replace(seed, checks=many))
    page = Page(source)
    assert len(page.data("table-data")["rows"]) == 30_000
    assert len(page.elements) < 5000
    assert len(source) < 12_000_000


def test_a_run_that_passed_is_green_and_has_no_story(ready: Record) -> None:
    page = Page(report_html(ready))
    assert "verdict good" in [one.get("class") for one in page.of("h1")]
    assert page.of("details") == []
    assert all(check.outcome is Outcome.PASSED for check in ready.checks)


def test_a_failure_tells_who_made_it_fail_and_what_mends_it(page: Page, seed: Record) -> None:
    finding = seed.checks[0].findings[0]
    cause = finding.causes[0]
    for fact in (cause.polluter, cause.state, cause.before, cause.after, cause.where):
        assert fact in page.inside("code")
    assert "victim: fails because of what other tests left behind; alone it passes" in page.inside("h5")
    assert "Fix, verified, in the test that leaks" in page.inside("h5")
    assert "it fails as it is, and passes with this put back" in page.visible
    assert "42 tests ran, 1 test mended and none worse (pytest tests/smoke_optional)" in page.visible
    (diff,) = [one for one in page.of("pre") if one.get("class") == "diff"]
    assert "data-copy" in diff
    added = [data for (name, data) in page.text if name == "span" and data.startswith("+")]
    assert '+    monkeypatch.setattr(agent_proxy, "HttpToolsInvoker", _FakeInvoker)' in added
    left = [one.get("href") for one in page.of("a")]
    assert "#left" in left


def with_patch(seed: Record, patch: Patch | None, no_patch: str = "", times: int = 1) -> Page:
    check = seed.checks[0]
    finding = replace(check.findings[0], patch=patch, no_patch=no_patch)
    found = replace(check, findings=(finding,), failures=check.failures * times)
    return Page(report_html(replace(seed, checks=(found,))))


def test_only_what_was_verified_is_called_a_fix(seed: Record) -> None:
    patch = seed.checks[0].findings[0].patch
    assert patch is not None
    page = with_patch(seed, replace(patch, verified=False))
    assert "Fix" not in page.inside("h5")
    assert "A change that was not verified" in page.inside("h5")
    assert "Fix" not in [str(one.get("aria-label")) for one in page.of("pre")]
    assert "No fix: no line was found" in with_patch(seed, None, "no line was found").visible


def test_a_diff_is_shown_whole_once_or_not_at_all(seed: Record) -> None:
    patch = seed.checks[0].findings[0].patch
    assert patch is not None
    assert "too long to be shown here" in with_patch(seed, replace(patch, diff="+x\n" * 9000)).visible
    page = with_patch(seed, patch, times=3)
    assert len([one for one in page.of("pre") if one.get("class") == "diff"]) == 1
    assert page.visible.count("It is the same change as one above.") == 2


def test_a_diff_keeps_its_tabs_and_loses_what_would_fool_the_reader(seed: Record) -> None:
    patch = Patch("--- a/x\n+++ b/x\n@@ -1 +1 @@\n-\tif x:\n+\tif \u202ey\x1b[2K:\n", verified=True)
    source = report_html(replace(seed, checks=(replace(seed.checks[0], findings=(
        replace(seed.checks[0].findings[0], patch=patch),)),)))  # fmt: skip
    assert "-\tif x:" in source
    assert "+\tif y:" in source


def test_findings_whose_failure_is_not_shown_have_a_line_each(seed: Record) -> None:
    check = seed.checks[0]
    others = tuple(replace(check.findings[0], test=f"a.py::test_{n}") for n in range(13))
    page = Page(report_html(replace(seed, checks=(replace(check, findings=(*check.findings, *others)),))))
    assert "Found out about other tests" in page.inside("h4")
    assert "a.py::test_0: victim of " in page.visible
    assert "3 more: see report.json" in page.visible

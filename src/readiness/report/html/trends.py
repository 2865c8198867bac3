"""The page of trends: runs by verdict, lanes, each check's course, flaky and slow tests; one file, no network, no script."""

from __future__ import annotations

from readiness.record.outcome import Outcome
from readiness.report import history_text, wording
from readiness.report.html import signs
from readiness.report.html.markup import EMPTY, Markup, code, joined, outside, table, tag
from readiness.report.html.page import asset, policy
from readiness.report.plain import first_line
from readiness.store.test_rates import in_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from readiness.store.reading import CheckCourse, RunSeen
    from readiness.store.test_rates import TestRates
    from readiness.store.trends import Trends

LISTED: Final = 50
"""Rows of one table; the others are counted."""
WIDTH, HEIGHT, MARGIN = 960, 120, 4
SPARK_WIDTH, SPARK_HEIGHT = 224, 40
WIDEST_BAR = 24
MOST_POINTS: Final = 100


def trends_page(found: Trends, project: str, at: str) -> str:
    """The trends as one HTML document that asks for nothing else; same trends, project and time, same bytes."""
    style = Markup(asset("page.css") + asset("trends.css"))
    head = joined(
        [
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy(style, "")),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", f"Trends of {project}"),
            tag("style", style),
        ]
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{_body(found, project, at)}</body></html>\n'


def _body(found: Trends, project: str, at: str) -> Markup:
    parts = [
        ("runs", "Runs", _runs(found.runs)),
        ("lanes", "Lanes", _lanes(found, at)),
        ("checks", "Checks", _checks(found.courses)),
        ("flaky", "Flakiest tests", _flaky(found.tests)),
        ("slow", "Slowest tests", _slow(found.tests)),
        ("trials", "Trials", _trials(found)),
    ]
    shown = [part for part in parts if part[2]]
    links = (tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in shown)
    navigation = tag("nav", tag("ul", *links), aria_label="Parts of this page")
    sections = (tag("section", tag("h2", title), inner, id=name) for name, title, inner in shown)
    title = tag("h1", "Trends of ", outside(project))
    told = tag("p", f"{wording.plural(len(found.runs), 'run')}, as of {history_text.moment(at)} UTC.")
    skip = tag("a", "Skip to the runs", href="#main", class_="skip")
    return joined([skip, tag("main", title, told, navigation, *sections, id="main", tabindex=-1)])


def _runs(runs: Sequence[RunSeen]) -> Markup:
    if not runs:
        return tag("p", "No run is in the history yet.")
    heads = ("run", "began", "verdict", "took", "commit", "checks")
    newest = runs[::-1][:LISTED]
    return joined([_bars(runs), table("The newest runs", heads, map(_run, newest)), _left(len(runs))])


def _run(one: RunSeen) -> tuple[str, ...]:
    bad = f": {', '.join(one.bad[:3])}" if one.bad else ""
    return (
        code(one.id),
        history_text.moment(one.at),
        _verdict(one),
        wording.duration(one.seconds),
        code(history_text.commit(one.commit, one.dirty)),
        outside(f"{one.passed} of {one.checks} passed{bad}"),
    )


def _verdict(one: RunSeen) -> Markup:
    if not one.verdict:
        return tag("span", "imported", class_=f"sign {signs.GREY}")
    return joined([signs.verdict(one.verdict), " interrupted" if one.interrupted else ""])


def _bars(runs: Sequence[RunSeen]) -> Markup:
    """A bar for each run, as high as it took long; the table below says the same in words."""
    longest = max(one.seconds for one in runs) or 1.0
    step = min(WIDEST_BAR, WIDTH / len(runs))
    bars = []
    for number, one in enumerate(runs):
        height = max(3.0, one.seconds / longest * (HEIGHT - 2 * MARGIN))
        colour = signs.VERDICTS.get(one.verdict, (signs.GREY, ""))[0]
        said = f"{one.id}: {one.verdict or 'imported'}, {wording.duration(one.seconds)}"
        bars.append(
            tag(
                "g",
                tag("title", said),
                tag("rect", x=f"{number * step:.1f}", y=f"{HEIGHT - MARGIN - height:.1f}",
                    width=f"{max(1.0, step - 1):.1f}", height=f"{height:.1f}", class_=colour),
            )
        )  # fmt: skip
    told = f"How long the last {wording.plural(len(runs), 'run')} took, oldest first: {_tally(runs)}"
    picture = tag("svg", *bars, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=told, class_="runs")
    return tag("figure", tag("figcaption", told), picture)


def _tally(runs: Sequence[RunSeen]) -> str:
    words = [one.verdict or "imported" for one in runs]
    return ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))


def _lanes(found: Trends, at: str) -> Markup:
    if not found.lanes:
        return EMPTY
    heads = ("lane", "last verdict", "when", "last READY", "runs")
    rows = (
        (
            code(one.lane),
            signs.verdict(one.last_verdict),
            history_text.ago(one.last_at, at),
            history_text.ago(one.last_ready_at, at) if one.last_ready_at else "never",
            str(one.runs),
        )
        for one in found.lanes
    )
    return table("When each lane ran", heads, rows)


def _checks(courses: Sequence[CheckCourse]) -> Markup:
    if not courses:
        return EMPTY
    heads = ("check", "lane", "last", "passed", "seconds, run after run")
    shown = table("Each check through these runs, oldest first", heads, map(_check, courses[:LISTED]))
    return joined([shown, _left(len(courses))])


def _check(one: CheckCourse) -> tuple[str, ...]:
    outcomes = [outcome for _, _, outcome, _ in one.points]
    passed = outcomes.count("passed")
    last = signs.outcome(Outcome(outcomes[-1])) if outcomes[-1] in list(Outcome) else outside(outcomes[-1])
    share = f"{passed} of {len(outcomes)} ({history_text.percent(passed / len(outcomes))})"
    return code(one.check), outside(one.lane or "-"), last, share, _spark(one)


def _spark(one: CheckCourse) -> Markup:
    """A line of seconds, and a dot in its colour for each run that did not pass."""
    points = [(outcome, took) for _, _, outcome, took in one.points if took is not None][-MOST_POINTS:]
    if not points:
        return Markup("only cached outcomes")
    most = max(took for _, took in points) or 1.0
    step = SPARK_WIDTH / max(1, len(points))
    places = [
        (step * (number + 0.5), SPARK_HEIGHT - 4 - took / most * (SPARK_HEIGHT - 8), outcome)
        for number, (outcome, took) in enumerate(points)
    ]
    line = tag("polyline", points=Markup(" ".join(f"{x:.1f},{y:.1f}" for x, y, _ in places)), class_="path")
    dots = (
        tag("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=3, class_=_colour(outcome))
        for x, y, outcome in places
        if outcome != "passed" or len(places) == 1
    )
    least = min(took for _, took in points)
    told = f"{wording.plural(len(points), 'run')}, {wording.duration(least)} to {wording.duration(most)}"
    size = f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}"
    picture = tag("svg", line, *dots, viewBox=size, role="img", aria_label=told, class_="spark")
    return joined([picture, f"{wording.duration(least)} to {wording.duration(most)}"])


def _colour(outcome: str) -> str:
    return signs.OUTCOMES[Outcome(outcome)] if outcome in list(Outcome) else signs.RED


def _flaky(tests: Sequence[TestRates]) -> Markup:
    found = [one for one in in_order(tests, "flaky") if one.flake_rate]
    if not found:
        return tag("p", "No test was seen to both pass and fail on the same code.") if tests else EMPTY
    heads = ("test", "check", "flakes", "pass rate", "last failed", "what it said")
    rows = (
        (
            code(one.test or "the command"),
            code(one.check),
            history_text.percent(one.flake_rate),
            _rate(one),
            history_text.moment(one.last_failed_at) or "never",
            outside(first_line(one.last_failure)),
        )
        for one in found[:LISTED]
    )
    return joined([table("Tests that passed and failed on the same code", heads, rows), _left(len(found))])


def _slow(tests: Sequence[TestRates]) -> Markup:
    found = [one for one in in_order(tests, "slow") if one.mean_seconds]
    if not found:
        return EMPTY
    heads = ("test", "check", "mean", "slowest", "runs", "pass rate")
    rows = (
        (
            *(code(one.test), code(one.check), history_text.seconds(one.mean_seconds)),
            *(history_text.seconds(one.slowest_seconds), str(one.runs), _rate(one)),
        )
        for one in found[:LISTED]
    )
    return joined([table("Tests by their mean duration", heads, rows), _left(len(found))])


def _rate(one: TestRates) -> str:
    return "-" if one.pass_rate is None else history_text.percent(one.pass_rate)


def _trials(found: Trends) -> Markup:
    if not found.trials:
        return EMPTY
    heads = ("test", "check", "last verdict", "passed", "rate", "when")
    rows = (
        (
            *(code(one.test or "the command"), code(one.check), signs.verdict(one.last_verdict)),
            f"{one.passes} of {one.passes + one.fails}",
            f"{history_text.percent(one.low)} to {history_text.percent(one.high)}",
            history_text.moment(one.last_at),
        )
        for one in found.trials[:LISTED]
    )
    return joined([table("Tests judged by trials, over all runs", heads, rows), _left(len(found.trials))])


def _left(count: int) -> Markup:
    more = count - LISTED
    return tag("p", f"{more} more: see `readiness history --json`.", class_="left-out") if more > 0 else EMPTY

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.references import find_cycle

ADVICE = "rename or remove one: the reports of one would overwrite the other's"
names = st.sampled_from("abcdef")


def checks(*entries: str) -> str:
    lines = "".join(f"- {{lane: core, run: x, name: {entry}}}\n" for entry in entries)
    return f"version: 2\nchecks:\n{lines}"


def services(*entries: str) -> str:
    lines = "".join(f"  {entry}\n" for entry in entries)
    return f"version: 2\nservices:\n{lines}checks: [{{name: a, lane: core, run: x}}]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (checks("a", "b", "a"), f'5:30: the check name "a" is used twice, first at f:3:30; {ADVICE}'),
        (
            checks("a", "A"),
            f'4:30: the check name "A" differs from "a" in case alone, first at f:3:30; {ADVICE}',
        ),
        (
            services("s: {run: x, ready: 'http://a'}", "S: {run: x, ready: 'http://a'}"),
            f'4:3: the service name "S" differs from "s" in case alone, first at f:3:3; {ADVICE}',
        ),
        (checks("a, services: [agent]"), '3:44: `services` names an unknown service "agent"; there are none'),
        (
            checks("smoke", "b, needs: [smokes]"),
            '4:41: `needs` names an unknown check "smokes"; did you mean smoke?',
        ),
        (
            services("model: {run: x, ready: 'http://a', needs: [modal]}"),
            '3:46: `needs` names an unknown service "modal"; did you mean model?',
        ),
        (checks("a, needs: [a]"), '3:41: the check "a" needs itself: a → a; remove one of these needs'),
        (
            checks("a, needs: [b]", "b, needs: [c]", "c, needs: [a]"),
            '3:41: the check "a" needs itself: a → b → c → a; remove one of these needs',
        ),
        (
            checks("x, needs: [b]", "a, needs: [b]", "b, needs: [a]"),
            '4:41: the check "a" needs itself: a → b → a; remove one of these needs',
        ),
        (
            services("s: {run: x, ready: 'http://a', needs: [s]}"),
            '3:42: the service "s" needs itself: s → s; remove one of these needs',
        ),
    ],
)
def test_a_wrong_reference_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], text: str, told: str
) -> None:
    assert faults_of(text) == [told]


def test_each_circle_is_told(faults_of: Callable[[str], list[str]]) -> None:
    told = faults_of(checks("a, needs: [b]", "b, needs: [a]", "c, needs: [c]", "d, needs: [a, c]"))
    assert [line.partition(";")[0] for line in told] == [
        '3:41: the check "a" needs itself: a → b → a',
        '5:41: the check "c" needs itself: c → c',
    ]


def test_a_name_used_three_times_is_told_twice(faults_of: Callable[[str], list[str]]) -> None:
    told = faults_of(checks("a", "a", "a"))
    assert [line[:5] for line in told] == ["4:30:", "5:30:"]
    assert all("first at f:3:30" in line for line in told)


def test_a_check_with_a_fault_can_still_be_named(faults_of: Callable[[str], list[str]]) -> None:
    """One mistake, one message: the name of a broken check is no unknown name."""
    told = faults_of(checks("a, cores: 0", "b, needs: [a]"))
    assert [line.partition(":")[0] for line in told] == ["3"]


def test_a_chain_of_thousands_is_no_circle_and_no_crash(faults_of: Callable[[str], list[str]]) -> None:
    chain = [f"c{number}, needs: [c{number + 1}]" for number in range(3000)]
    assert faults_of(checks(*chain, "c3000")) == []


@given(st.dictionaries(names, st.lists(names, unique=True, max_size=3), max_size=6))
def test_a_circle_is_found_exactly_when_there_is_one(graph: dict[str, list[str]]) -> None:
    cycle = find_cycle(graph)
    assert bool(cycle) == any(_reaches(graph, name, name) for name in graph)
    for name, needed in zip(cycle, cycle[1:] + cycle[:1], strict=True):
        assert needed in graph[name]
    assert len(set(cycle)) == len(cycle)


def _reaches(graph: dict[str, list[str]], start: str, goal: str) -> bool:
    seen: set[str] = set()
    waiting = list(graph.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name == goal:
            return True
        if name not in seen:
            seen.add(name)
            waiting += graph.get(name, ())
    return False

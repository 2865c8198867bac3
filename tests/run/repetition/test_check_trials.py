"""All trials of a check: who gets the next one, what it may cost, when it is over."""

from __future__ import annotations

import pytest

from readiness.run.repetition.check_trials import COMMAND, CheckCourse


def play(course: CheckCourse, trial, test: str, kind) -> int:
    """Make the trials that are ordered, one answer at a time; how many there were."""
    made = 0
    while not (order := course.order(test)).done:
        for number, _ in order.run:
            course.add(trial(number, kind(number), test))
            made += 1
    return made


def test_trials_are_ordered_until_they_decide(check, trial):
    course = CheckCourse(check(), seed=100)
    course.tests({"a": {}})
    first = course.order("a")
    assert first.run == ((1, 101),), "the first one alone: it shows whose its calls are"
    course.add(trial(1, test="a"))
    assert [number for number, _ in course.order("a").run] == [2, 3, 4]
    for number in (2, 3, 4):
        course.add(trial(number, test="a"))
    assert play(course, trial, "a", lambda _: "passed") == 14
    last = course.order("a")
    assert (last.done, last.verdict) == (True, "ready")
    assert course.result().tests[0].verdict == "READY"


def test_each_test_gets_its_share_of_alpha_and_numbers_of_its_own(check, trial):
    course = CheckCourse(check(), sharing=2)
    course.tests({"a": {}, "b": {"good": 0.9, "bad": 0.5}})
    play(course, trial, "a", lambda _: "passed")
    play(course, trial, "b", lambda _: "passed")
    found = course.result()
    assert [one.alpha for one in found.tests] == [pytest.approx(0.05 / 4)] * 2
    assert found.alpha == pytest.approx(0.025)
    assert [(one.good, one.bad) for one in found.tests] == [(0.95, 0.8), (0.9, 0.5)]
    numbers = [one.number for series in course.series.values() for one in series.trials]
    assert len(numbers) == len(set(numbers))


def test_a_test_without_a_zone_is_run_as_usual(check):
    course = CheckCourse(check(judged=False))
    course.tests({"plain": {}, "marked": {"good": 0.9, "bad": 0.5}})
    assert (course.order("plain").verdict, course.order("marked").verdict) == ("once", "")
    assert [one.test for one in course.result().tests] == ["marked"]
    assert CheckCourse(check(judged=False)).result() is None


def test_a_marker_that_makes_no_zone_is_a_problem_not_a_pass(check):
    course = CheckCourse(check())
    course.tests({"a": {"good": 0.5, "bad": 0.9}})
    assert "marker `trials`" in course.result().problem


def test_a_budget_of_trials_is_shared_and_what_is_left_goes_on(check, trial):
    course = CheckCourse(check(trials=40))
    course.tests({"a": {}, "b": {}})
    assert play(course, trial, "a", lambda n: "passed" if n % 5 else "failed") == 20
    assert course.order("a").verdict == "inconclusive"
    assert play(course, trial, "b", lambda _: "passed") == 18
    found = course.result()
    assert [one.verdict for one in found.tests] == ["INCONCLUSIVE", "READY"]
    assert "budget of 20 trials (of 40 for 2 tests)" in found.tests[0].reason


@pytest.mark.parametrize("part", ["calls", "tokens", "seconds", "cost"])
def test_any_part_of_the_budget_ends_it(check, trial, part):
    course = CheckCourse(check(**{part: 10}))
    course.tests({"a": {}})
    course.spend({part: 9.9})
    assert course.order("a").run
    course.spend({part: 10})
    order = course.order("a")
    assert (order.done, order.run, order.verdict) == (True, (), "inconclusive")
    assert "budget of 10" in course.result().tests[0].reason
    assert course.result().reached


def test_without_a_budget_it_ends_at_four_times_the_fixed_test(check, trial):
    course = CheckCourse(check())
    course.tests({"a": {}})
    made = play(course, trial, "a", lambda n: "failed" if n % 9 == 0 else "passed")
    one = course.result().tests[0]
    assert made == one.cap == 4 * one.fixed
    assert "middle of the zone" in one.reason


def test_a_strict_gate_makes_no_trials_after_a_proven_failure(check, trial):
    for strict, verdict in ((True, "INCONCLUSIVE"), (False, "READY")):
        course = CheckCourse(check(), strict=strict)
        course.tests({"bad": {}, "good": {}})
        play(course, trial, "bad", lambda _: "failed")
        assert course.proven == "bad"
        play(course, trial, "good", lambda _: "passed")
        assert [one.verdict for one in course.result().tests] == ["NOT READY", verdict]


def test_a_trial_is_taken_once_and_its_number_never_again(check, trial):
    course = CheckCourse(check())
    course.tests({"a": {}})
    for _ in range(3):
        course.add(trial(1, test="a"))
    course.started("a", 9)
    assert course.result().tests[0].passes == 1
    assert min(number for number, _ in course.order("a").run) == 10


def test_trials_whose_calls_are_told_by_time_run_one_at_a_time(check, trial):
    course = CheckCourse(check())
    course.tests({"a": {}})
    course.add(trial(1, test="a", unnumbered=True))
    assert len(course.order("a").run) == 1
    assert course.order("a").slots == 1


def test_a_command_is_repeated_unless_a_pytest_shows_itself(check):
    course = CheckCourse(check())
    course.command()
    assert course.order(COMMAND).run
    course.tests({"a": {}, "b": {}})
    assert set(course.series) == {"a", "b"}
    assert course.series["a"].zone.alpha == pytest.approx(0.025)


def test_a_second_pytest_of_the_same_command_gets_a_smaller_share(check):
    course = CheckCourse(check())
    course.tests({"a": {}})
    course.tests({"a": {}, "b": {}})
    assert [one.zone.alpha for one in course.series.values()] == [pytest.approx(0.05), pytest.approx(0.025)]


def test_what_ran_before_is_asked_for_once_the_first_trial_shows_what_is_asked(check, trial):
    asked = []

    def earlier(first):
        asked.append(first.number)
        return [], "begins anew"

    course = CheckCourse(check(), earlier=earlier)
    course.tests({"a": {}})
    course.add(trial(1, "capacity", "a", prompt=""))
    course.add(trial(2, test="a"))
    course.add(trial(3, test="a"))
    assert asked == [2]
    assert course.result().tests[0].note == "begins anew"


def test_no_trial_is_begun_near_the_deadline_of_the_check(check):
    course = CheckCourse(check())
    course.tests({"a": {}})
    course.late(539.0, 600.0)
    course.late(10_000.0, None)
    assert course.order("a").run
    course.late(540.0, 600.0)
    assert course.order("a").done
    assert "its deadline of 600 s is near" in course.result().tests[0].reason

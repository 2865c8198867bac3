"""What a pytest command line asks for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.commands.call import POWERLESS, Call, Loss
from readiness.config.commands.pytest_call import PytestCall, is_pytest


def called(command: str, cwd: str = ".") -> PytestCall:
    return PytestCall(Call(tuple(command.split()), cwd=cwd))


@pytest.mark.parametrize(
    ("command", "targets"),
    [
        ("pytest", ()),
        ("pytest tests/a ./tests/b/", ("tests/a", "tests/b")),
        ("pytest tests/a.py::T::test_x[1]", ("tests/a.py::T::test_x[1]",)),
        ("pytest -q --tb short -x tests", ("tests",)),
        ("pytest -n 4 tests", ("tests",)),
        ("pytest -n4 tests", ("tests",)),
        ("pytest -ra -vv tests", ("tests",)),
        ("pytest --junitxml out.xml --maxfail=1 tests", ("tests",)),
        ("pytest --cov src tests", ("tests",)),
        ("pytest --cov tests", ("tests",)),
        ("pytest -p no:cacheprovider -c x.ini tests", ("tests",)),
        ("pytest -q -- -odd", ("-odd",)),
        ("pytest --pyargs pkg.tests", ("pkg.tests",)),
    ],
)
def test_targets(command: str, targets: tuple[str, ...]) -> None:
    assert called(command).targets == targets


def test_targets_are_told_from_the_root() -> None:
    assert called("pytest tests ../x.py::t", cwd="sub").targets == ("sub/tests", "x.py::t")


@pytest.mark.parametrize(
    ("command", "narrowed"),
    [
        ("pytest tests", ("", "", ())),
        ("pytest -k expr -m marker", ("expr", "marker", ())),
        ("pytest -kexpr -mmarker -qk other", ("other", "marker", ())),
        ("pytest --deselect a::b --ignore=c --lf", ("", "", ("--deselect=a::b", "--ignore=c", "--lf"))),
        ("pytest --last-failed-no-failures all", ("", "", ())),
    ],
)
def test_what_narrows(command: str, narrowed: tuple[str, str, tuple[str, ...]]) -> None:
    assert called(command).narrowed == narrowed


def test_only_what_changes_the_run_counts_as_a_setting() -> None:
    call = called("pytest -q -x -W error -o a=b --strict-markers --color yes --timeout 5 tests")
    assert call.settings == ("-W error", "-o a=b", "--strict-markers", "--timeout=5")


def test_collecting_runs_no_test() -> None:
    call = Call(("pytest", "--co"))
    assert PytestCall(call).runs_tests
    call.loss = Loss(POWERLESS, "", "readiness.yml", 1)
    assert not PytestCall(call).runs_tests


def test_pytest_is_known_by_its_name() -> None:
    assert is_pytest(Call(("pytest", "x")))
    assert not is_pytest(Call(("echo", "pytest")))
    assert not is_pytest(Call(()))


@given(
    st.lists(
        st.sampled_from(["-k", "-m", "-q", "-n4", "--ignore", "--", "a", "-", "--x=y", "-xk"]), max_size=8
    )
)
def test_any_command_line_can_be_read(words: list[str]) -> None:
    call = PytestCall(Call(("pytest", *words)))
    assert set(call.targets) <= {"a", "-", "-k", "-m", "-q", "-n4", "--ignore", "--", "--x=y", "-xk"}

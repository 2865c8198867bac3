"""Where a failure goes: held against a real shell, and case by case."""

from __future__ import annotations

import itertools
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.config.commands import trace
from readiness.config.commands.call import BACKGROUND, IGNORED, OVERTAKEN, PIPED, POWERLESS

if TYPE_CHECKING:
    from collections.abc import Callable

    from readiness.config.commands import Trace

SHELL = shutil.which("bash") or "/bin/sh"


def numbered(script: str) -> tuple[str, int]:
    """Give each probe of a script its own name, as two programs can end in different ways."""
    pieces = script.split("PROBE")
    return "".join(f"{piece}p{number}" for number, piece in enumerate(pieces[:-1])) + pieces[-1], len(
        pieces
    ) - 1


def really_can_fail(script: str, probes: int) -> bool:
    """Run the script under a real shell with every way for its probes to end; True when one ends badly."""
    lines = []
    for way in itertools.product((0, 1), repeat=probes):
        defined = "; ".join(f"p{number}() {{ return {code}; }}" for number, code in enumerate(way))
        lines.append(f"(\n{defined}\n{script}\n)\n[ $? -eq 0 ] || exit 9")
    done = subprocess.run(
        [SHELL, "-c", "\n".join(lines)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode in (0, 9), done.stderr
    return done.returncode == 9


def chains(inner: st.SearchStrategy[str], condition: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, st.sampled_from([" && ", " || ", "; ", "\n"]), inner).map("".join)
    return st.one_of(
        two,
        inner.map(lambda text: f"( {text} )"),
        inner.map(lambda text: f"{{ {text}\n}}"),
        st.tuples(condition, inner, inner).map(lambda t: f"if {t[0]}; then {t[1]}\nelse {t[2]}\nfi"),
        st.tuples(condition, inner).map(lambda t: f"if {t[0]}; then {t[1]}\nfi"),
    )


ATOMS = st.sampled_from(["PROBE", "PROBE", "true", "echo x", ":"])
PLAIN = st.recursive(ATOMS, lambda inner: chains(inner, st.just("PROBE")), max_leaves=5)
"""Without conditions that never change: what stands behind those can fail, and never runs."""
WITH_ENDS = st.recursive(
    st.one_of(
        ATOMS,
        st.sampled_from(
            ["exit 0", "exit 1", "set -e", "set +e", "false", "! PROBE", "PROBE | PROBE", "rc=$?"]
        ),
    ),
    lambda inner: chains(inner, inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(PLAIN)
def test_a_real_shell_agrees(script: str) -> None:
    named, probes = numbered(script)
    assert trace(named, "/nowhere").can_fail == really_can_fail(named, probes)


@settings(max_examples=80, deadline=None)
@given(WITH_ENDS)
def test_no_command_that_can_fail_is_accused(script: str) -> None:
    named, probes = numbered(script)
    assert trace(named, "/nowhere").can_fail or not really_can_fail(named, probes)


@pytest.mark.parametrize(
    ("command", "kind", "how"),
    [
        ("pytest || true", IGNORED, "`|| true` follows it"),
        ("pytest || :", IGNORED, "`|| :` follows it"),
        ("pytest || exit 0", IGNORED, "`|| exit 0` follows it"),
        ("pytest || echo 'tests failed'", IGNORED, "`|| echo 'tests failed'` follows it"),
        ("pytest; exit 0", IGNORED, "`exit 0` runs after it"),
        ("pytest; true", IGNORED, "`true` runs after it"),
        ("pytest\necho done", OVERTAKEN, "`echo done` runs after it"),
        ("set +e; pytest; echo done", OVERTAKEN, "`echo done` runs after it"),
        ("set -e; pytest && echo ok; echo done", OVERTAKEN, "`set -e` looks only at the last"),
        ("pytest && echo ok || echo failed", IGNORED, "`|| echo failed` follows it"),
        ("(pytest; exit 1) || true", IGNORED, "`|| true` follows it"),
        ("pytest | tee log", PIPED, "piped into `tee log`"),
        ("pytest 2>&1 | grep -v warning | cat", PIPED, "piped into `cat`"),
        ("pytest &", BACKGROUND, "`&` puts it in the background"),
        ("pytest & wait", BACKGROUND, "`&` puts it in the background"),
        ("if pytest; then echo ok; else echo failed; fi", IGNORED, "none of its branches can fail"),
        ("if pytest; then ./deploy; fi", IGNORED, "it has no `else`"),
        ("for t in a b; do pytest $t; done", OVERTAKEN, "next round"),
        ("trap 'rm x; exit 0' EXIT; pytest", IGNORED, "ends the shell with 0"),
        ("pytest --collect-only", POWERLESS, "`--collect-only` keeps it"),
        ("f() { pytest; }; f || true", IGNORED, "`|| true` follows it"),
        ("pytest a; pytest b", OVERTAKEN, "`pytest b` runs after it"),
    ],
)
def test_a_failure_that_is_lost(read: Callable[..., Trace], command: str, kind: str, how: str) -> None:
    loss = next(call for call in read(command).calls if call.words[0] == "pytest").loss
    assert loss is not None
    assert loss.kind == kind
    assert how in loss.how


@pytest.mark.parametrize(
    "command",
    [
        'echo "|| true"; pytest',
        "pytest # || true",
        "pytest -k 'a || true'",
        "pytest && true",
        "if set -e; then pytest; true\nfi",
        "cat <<EOF\n|| true\nEOF\npytest",
        "pytest || exit 1; echo done",
        "pytest || { echo failed; exit 1; }; echo done",
        "pytest || [ $? -eq 5 ]",
        "pytest; rc=$?; rm -rf x; exit $rc",
        "pytest || rc=$?; echo done; exit $rc",
        "pytest || failed=1; [ -z $failed ]",
        "if ! pytest; then exit 1; fi; echo ok",
        "if pytest; then echo ok; else exit 1; fi; echo",
        "if pytest; then ok=1; fi; [ $ok = 1 ]",
        "set -e; pytest; echo done",
        "set -euo pipefail; pytest | tee log",
        "set -o errexit\npytest\necho done",
        "pytest | tee log; exit ${PIPESTATUS[0]}",
        "pytest & pid=$!; ./probe; wait $pid",
        "for t in a b; do pytest $t || exit 1; done",
        "mkdir -p x || true; pytest",
        "trap 'rm -rf x' EXIT; pytest",
        "pytest && exit 0; exit 1",
        "(cd x && pytest)",
        "pytest --exitfirst",
        "pytest --continue-on-collection-errors",
        "! pytest",
        "f() { echo || true; }; pytest",
    ],
)
def test_a_failure_that_gets_through(read: Callable[..., Trace], command: str) -> None:
    found = read(command)
    call = next(call for call in found.calls if call.words[0] == "pytest")
    assert call.loss is None
    assert found.can_fail


@pytest.mark.parametrize(
    "command", ["true", "echo pytest", "exit 0", "X=1", "set -e", "set", "", "# pytest", "echo | cat"]
)
def test_commands_that_only_end_well(read: Callable[..., Trace], command: str) -> None:
    assert not read(command).can_fail


def test_places(read: Callable[..., Trace]) -> None:
    found = read("true\nmake t", {"Makefile": "t:\n\tpytest \\\n\t  a || true\n"})
    call = found.calls[-2]
    assert (call.where, call.loss and call.loss.where) == ("Makefile:2", "Makefile:3")
    assert found.calls[1].where == "readiness.yml:8"


def test_folders_variables_and_what_is_tested(read: Callable[..., Trace]) -> None:
    found = read('(cd a; x); cd b/c; OPTS="-q -x"; A=$B pytest $OPTS; [ -n "${ND_REAL:-}" ] && y')
    facts = [(" ".join(call.words), call.cwd, call.env, call.tested) for call in found.calls]
    assert facts[1] == ("x", "a", (), ())
    assert facts[3] == ("pytest -q -x", "b/c", (("A", "$B"),), ())
    assert facts[4][3] == ("ND_REAL",)


def test_what_is_no_shell_text_is_said(read: Callable[..., Trace]) -> None:
    found = read("pytest\n&& ) x")
    assert found.unread.startswith("line 2: unexpected")
    assert found.can_fail
    assert read("$(" * 5000).unread == "it is nested too deeply"


def test_a_script_that_is_no_shell_text_counts_as_able_to_fail(read: Callable[..., Trace]) -> None:
    assert read("bash x.sh", {"x.sh": "( pytest\n"}).can_fail


def test_scripts_that_call_each_other_without_end(read: Callable[..., Trace]) -> None:
    files = {f"s{number}.sh": f"bash s{number + 1}.sh\nbash s{number + 1}.sh\n" for number in range(40)}
    assert len(read("bash s0.sh", files).calls) < 10_000

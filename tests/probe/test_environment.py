"""What the gate puts into an environment comes out again, whatever a command did to it in between."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness_probe.environment import Options, inject, make, take, without

OPTIONS = Options("/run/link", "/run/events", 2.5, guard=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
NAMES = st.sampled_from(["PATH", "PYTHONPATH", "PYTEST_ADDOPTS", "HOME"])


@given(st.dictionaries(NAMES, WORDS))
def test_everything_is_put_back(environ):
    clean, options = take(inject(environ, OPTIONS))
    assert clean == environ
    assert options is not None
    assert (options.folder, options.out) == ("/run/link", "/run/events")
    assert (options.test_timeout, options.guard) == (2.5, True)


@given(st.dictionaries(NAMES, WORDS), st.text("abc:/", max_size=9), st.text("-q abc", max_size=9))
def test_what_a_command_adds_stays(environ, path, words):
    """`PYTHONPATH=src:$PYTHONPATH` in a command: ours goes, all else is kept in order."""
    injected = inject(environ, OPTIONS)
    injected["PYTHONPATH"] = path + ":" + injected["PYTHONPATH"]
    injected["PYTEST_ADDOPTS"] += " " + words
    clean, _ = take(injected)
    old = environ.get("PYTHONPATH")
    assert clean.get("PYTHONPATH", "") == (f"{path}:{old}" if old else path)
    said = environ.get("PYTEST_ADDOPTS")
    assert clean.get("PYTEST_ADDOPTS", "") == (f"{said} {words}" if said else words)


def test_what_a_command_replaces_stays_replaced():
    injected = {**inject({"PYTHONPATH": "old"}, OPTIONS), "PYTHONPATH": "src", "PYTEST_ADDOPTS": "-x"}
    clean, options = take(injected)
    assert clean == {"PYTHONPATH": "src", "PYTEST_ADDOPTS": "-x"}
    assert options is not None


def test_what_a_command_removes_stays_removed():
    injected = inject({"PYTHONPATH": "old", "PYTEST_ADDOPTS": "-x"}, OPTIONS)
    del injected["PYTHONPATH"], injected["PYTEST_ADDOPTS"]
    assert take(injected)[0] == {}


def test_unset_and_empty_are_two_things():
    assert take(inject({}, OPTIONS))[0] == {}
    assert take(inject({"PYTHONPATH": ""}, OPTIONS))[0] == {"PYTHONPATH": ""}


def test_an_empty_path_does_not_become_the_current_folder():
    assert inject({"PYTHONPATH": ""}, OPTIONS)["PYTHONPATH"] == "/run/link"


def test_an_inner_gate_takes_the_place_of_the_outer():
    outer = inject({"PYTHONPATH": "lib"}, Options("/outer/link", "/outer/events", guard=True))
    inner = inject(outer, Options("/inner/link", "/inner/events"))
    assert inner["PYTHONPATH"] == "/inner/link:lib"
    assert "outer" not in repr(inner)
    assert "READINESS_PROBE_GUARD" not in inner


def test_nothing_asked():
    assert take({"HOME": "/home/me"}) == ({"HOME": "/home/me"}, None)


def test_leftovers_are_swept_away():
    assert take({"READINESS_PROBE_OUT": "/x", "HOME": "/"}) == ({"HOME": "/"}, None)


def test_a_folder_that_cannot_stand_on_the_path():
    with pytest.raises(ValueError, match="put the run's folder elsewhere"):
        inject({}, Options(f"/a{os.pathsep}b", "/events"))


def test_a_timeout_that_is_no_number():
    with pytest.raises(ValueError, match="soon"):
        take({**inject({}, OPTIONS), "READINESS_PROBE_TEST_TIMEOUT": "soon"})


def test_a_worker_is_asked_by_the_name_of_the_module():
    injected = inject({}, OPTIONS.for_worker("gw0", "17-4"))
    assert injected["PYTEST_ADDOPTS"] == "-p readiness_probe.plugin"
    clean, options = take(injected)
    assert clean == {}
    assert options is not None
    assert (options.worker, options.controller) == ("gw0", "17-4")


@given(st.dictionaries(NAMES, WORDS), st.dictionaries(NAMES, WORDS))
def test_make(environ, wanted):
    make(environ, wanted)
    assert environ == wanted


def test_without():
    assert without(["/a", "/run/link", "", "/b", "/run/link"], "/run/link") == ["/a", "", "/b"]

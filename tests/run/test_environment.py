from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.run.environment import REMOVED, build, differences

NAMES = st.dictionaries(
    st.sampled_from(["PATH", "HOME", "A", "B", "MAKEFLAGS", "PYTHONHOME"]), st.text(max_size=5)
)


def test_everything_is_inherited_and_the_check_has_the_last_word():
    built = build(
        {"PATH": "/bin", "A": "inherited", "B": "inherited"},
        declared={"A": "check"},
        services={"A": "service", "C": "service"},
        path_folders=("/venv/bin",),
    )
    assert built.variables["PATH"] == "/venv/bin:/bin"
    assert (built.variables["A"], built.variables["B"], built.variables["C"]) == (
        "check",
        "inherited",
        "service",
    )
    assert {"A", "C", "PATH"} <= set(built.added)
    assert "B" not in built.added


def test_a_hermetic_check_has_a_home_of_its_own_and_keeps_user_packages():
    built = build({"HOME": "/home/u"}, declared={}, services={}, path_folders=(), hermetic_home="/t")
    assert built.variables["HOME"] == "/t"
    assert built.variables["TMPDIR"] == "/t/tmp"
    assert built.variables["TZ"] == "UTC"
    assert built.variables["PYTHONUSERBASE"] == "/home/u/.local"


def test_the_job_server_of_an_outer_make_is_taken_away_and_named():
    built = build({"MAKEFLAGS": "-j4 --jobserver-fds=3,4"}, declared={}, services={}, path_folders=())
    assert "MAKEFLAGS" not in built.variables
    assert built.removed == ("MAKEFLAGS",)


@given(NAMES, NAMES, NAMES)
def test_the_differences_account_for_every_variable(inherited, declared, services):
    built = build(inherited, declared=declared, services=services, path_folders=())
    for name in inherited:
        assert name in built.variables or name in built.removed
        assert name not in built.removed or name in REMOVED
    assert differences(inherited, built.variables) == (built.added, built.removed)

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.config.fault import ConfigError
from readiness.config.load import parse_config
from readiness.config.migrate import comparable, migrate

OLD = """\
# The gate of the project.

checks:
  # Fast, no network.
  - name: deterministic_local   # the agent core
    description: é😀
    run: |
      # not a comment of ours
      PYTHONPATH=$(pwd) pytest -q tests/local

  # The legacy suite.
  - description: everything
    name: 'all_smokes'
    optional: yes
    run: python run_all.py
    env: {PORT: "8788", REAL: 1}
  - {name: smokes_nd, run: pytest tests/nd}   # the model
  # The end.
"""
NEW = """\
# The gate of the project.

version: 2
checks:
  # Fast, no network.
  - name: deterministic_local   # the agent core
    lane: core  # lane read off the name
    description: é😀
    run: |
      # not a comment of ours
      PYTHONPATH=$(pwd) pytest -q tests/local

  # The legacy suite.
  - description: everything
    name: 'all_smokes'
    lane: core  # lane read off the name
    optional: yes
    run: python run_all.py
    env: {PORT: "8788", REAL: 1}
  - {name: smokes_nd, lane: nd, run: pytest tests/nd}   # the model  # lane read off the name
  # The end.
"""


def assert_says_the_same(old: str, new: str) -> None:
    before, after = parse_config(old, "f"), parse_config(new, "f")
    assert (before.form, after.form) == (1, 2)
    assert {check.lane_from for check in after.checks} == {"file"}
    assert comparable(after) == comparable(before)


def test_lines_and_comments_stay_and_lines_are_added() -> None:
    assert migrate(OLD, "readiness.yml") == NEW
    assert_says_the_same(OLD, NEW)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            "# a check\n- name: a\n  run: b\n",
            "version: 2\nchecks:\n# a check\n- name: a\n  lane: core  # lane read off the name\n  run: b\n",
        ),
        (
            "# the file\n\n# a check\n- name: a\n  run: b\n",
            "# the file\n\nversion: 2\nchecks:\n# a check\n- name: a\n  lane: core  # lane read off the name\n  run: b\n",
        ),
        (
            "version: 1\nchecks:\n- run: b\n  name: a-live",
            "version: 2\nchecks:\n- run: b\n  name: a-live\n  lane: live  # lane read off the name",
        ),
        (
            "checks:\r\n- name: a\r\n  run: b\r\n",
            "version: 2\r\nchecks:\r\n- name: a\r\n  lane: core  # lane read off the name\r\n  run: b\r\n",
        ),
        (
            "---\n- name: a\n  run: b\n",
            "---\nversion: 2\nchecks:\n- name: a\n  lane: core  # lane read off the name\n  run: b\n",
        ),
        (
            "  checks:\n  - name: a\n    run: b\n",
            "  version: 2\n  checks:\n  - name: a\n    lane: core  # lane read off the name\n    run: b\n",
        ),
        (
            "{checks: [{name: a, run: b}, {name: c, run: d}]}\n",
            "{version: 2, checks: [{name: a, lane: core, run: b}, {name: c, lane: core, run: d}]}"
            "  # lane read off the name\n",
        ),
        (
            "checks:\n- {run: b,\n   name: a\n  }\n",
            "version: 2\nchecks:\n- {run: b,\n   name: a, lane: core  # lane read off the name\n  }\n",
        ),
    ],
)
def test_each_layout_is_kept(old: str, new: str) -> None:
    assert migrate(old, "f") == new
    assert_says_the_same(old, new)


@pytest.mark.parametrize(
    ("old", "comments"),
    [
        ("[{name: a, run: b}, # first\n {name: c_nd, run: \"d\n e\"}]\n# end\n", ["# first", "# end"]),
        ("checks:\n  # base\n  - &b\n    name: a\n    run: x\n  # more\n  - <<: *b\n    name: c\n", ["# base", "# more"]),
        ("--- [{name: a, run: b, env: {A: 1}, optional: yes, timeout: 0.5}]", []),
        ("# top\n- run: y\n  <<: &n {name: c, timeout: none, description: 'x # y'}\n- {<<: *n, name: d, run: z}", ["# top"]),
    ],
)  # fmt: skip
def test_a_layout_without_room_is_written_anew_with_its_comments(old: str, comments: list[str]) -> None:
    new = migrate(old, "f")
    assert_says_the_same(old, new)
    for comment in comments:
        assert comment in new
    assert new.count("  # lane read off the name") == len(parse_config(old, "f").checks)


def refused(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        migrate(text, "/somewhere/readiness.yml")
    return str(caught.value)


def test_the_new_form_needs_no_migration() -> None:
    assert (
        refused(NEW) == "readiness.yml:1:1: the file is in the new form already; there is nothing to migrate"
    )


def test_a_name_used_twice_is_refused_with_both_places() -> None:
    assert refused("- {name: a, run: x}\n- {name: a, run: x}\n") == (
        'readiness.yml:2:10: the check name "a" is used twice, first at readiness.yml:1:10; '
        "rename or remove one: the reports of one would overwrite the other's"
    )


def test_a_file_with_faults_is_refused_with_all_of_them() -> None:
    assert len(refused("- {name: a}\n- {run: b}\n").splitlines()) == 2


texts = st.text(alphabet="ab:#'\"\\{}[]&*!|>%@- \n\té😀\u2028\x7f", min_size=1, max_size=12)
checks = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z0-9_][a-z0-9_.-]{0,8}", fullmatch=True), "run": texts.filter(str.strip)},
    optional={
        "description": texts,
        "env": st.dictionaries(st.from_regex(r"[A-Z_]{1,4}", fullmatch=True), texts, max_size=2),
        "optional": st.booleans(),
        "timeout": st.just("none")
        | st.integers(1, 9999)
        | st.floats(0.0001, 9999).filter(lambda time: time >= 0.001),
    },
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(checks, min_size=1, max_size=4, unique_by=lambda check: check["name"]),
    st.sampled_from([None, True, False]),
    st.sampled_from(["bare", "under checks", "version 1"]),
    st.integers(20, 200),
)
def test_any_old_file_is_migrated_to_one_that_says_the_same(
    entries: list[dict[str, object]], flow: bool | None, root: str, width: int
) -> None:
    data = {
        "bare": entries,
        "under checks": {"checks": entries},
        "version 1": {"version": 1, "checks": entries},
    }[root]
    text = yaml.safe_dump(data, default_flow_style=flow, width=width, allow_unicode=True, sort_keys=False)
    assert_says_the_same(text, migrate(text, "f"))

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.load import parse_config
from readiness.config.migrate import comparable
from readiness.config.nodes import parse
from readiness.config.rewrite import quote, rewrite

OLD = """\
# top
checks:
# one
- name: a   # lost: it stands inside an entry
  run: x # y
  description: d
  # lost too
  env:
    A: "1"
# two
- name: b-live
  run: "l1\\nl2"
  optional: true
  timeout: 0.00001
- name: c
  run: z
  timeout: none
# end
"""
NEW = """\
version: 2
checks:
  # top
  # one
  - name: "a"
    lane: core  # lane read off the name
    description: "d"
    run: "x"
    env:
      A: "1"
  # two
  - name: "b-live"
    lane: live  # lane read off the name
    run: "l1\\nl2"
    optional: true
    timeout: 0.00001
  - name: "c"
    lane: core  # lane read off the name
    run: "z"
    timeout: none
  # end
"""


def test_a_file_is_written_anew_with_the_comments_between_its_entries() -> None:
    root, old = parse(OLD, "f"), parse_config(OLD, "f")
    assert root is not None
    new = rewrite(OLD, root, old)
    # Comments inside an entry are lost; those before the first, between entries and after the last are kept.
    assert new == NEW
    assert comparable(parse_config(new, "f")) == comparable(old)


@given(st.text(st.characters(blacklist_categories=["Cs"])))
@pytest.mark.parametrize("loader", [yaml.CSafeLoader, yaml.SafeLoader])
def test_quoted_text_is_the_same_to_yaml(loader: type, text: str) -> None:
    assert yaml.load(f"a: {quote(text)}", Loader=loader) == {"a": text}

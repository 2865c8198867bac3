"""Places in an edited file are led back to where they were."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.isolation.patch.lines import original_line

BEFORE = b"import app\n\n\ndef test():\n    app.x = 1\n    app.y = 2\n"
AFTER = b"import os\n\nimport app\n\n\ndef test(monkeypatch):\n    keep(1)\n    app.x = 1\n    app.y = 2\n"


def test_a_line_behind_an_edit_and_one_that_is_new():
    assert [original_line(BEFORE, AFTER, line) for line in (3, 8, 9)] == [1, 5, 6]
    assert original_line(BEFORE, AFTER, 7) in (3, 4)


@given(st.lists(st.integers(0, 10**6), unique=True, min_size=1, max_size=20), st.data())
def test_every_line_that_stays_is_found(lines, data):
    before = [str(one).encode() for one in lines]
    at = data.draw(st.integers(0, len(before)))
    after = [*before[:at], b"new", b"newer", *before[at:]]
    for number, line in enumerate(before, 1):
        place = after.index(line) + 1
        assert original_line(b"\n".join(before), b"\n".join(after), place) == number

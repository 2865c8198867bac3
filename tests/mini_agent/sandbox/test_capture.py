from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mini_agent.sandbox.capture import Capture


@given(st.lists(st.binary(max_size=40), max_size=20), st.integers(1, 60))
def test_it_keeps_the_beginning_and_the_end_and_counts_all(parts: list[bytes], most: int):
    whole = b"".join(parts)
    capture = Capture(most)
    for part in parts:
        capture.feed(part)
    assert capture.total == len(whole)
    if len(whole) <= most:
        assert capture.text() == whole.decode("utf-8", "replace")
        return
    first, last = whole[: most - most // 2], whole[len(whole) - most // 2 :]
    note = f"\n[... {len(whole) - most} of {len(whole)} bytes left out ...]\n"
    assert capture.text() == first.decode("utf-8", "replace") + note + last.decode("utf-8", "replace")


def test_memory_is_bounded():
    capture = Capture(1000)
    for _ in range(100):
        capture.feed(b"x" * 10_000)
    assert len(capture._first) + len(capture._last) == 1000


def test_bytes_that_are_no_text_are_shown_as_such():
    capture = Capture(10)
    capture.feed(b"a\xff\xfeb")
    assert capture.text() == "a\ufffd\ufffdb"

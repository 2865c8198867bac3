from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.model.wire.event_stream import EventStream


def events(*chunks: bytes) -> list[bytes]:
    stream = EventStream()
    found = [data for chunk in chunks for data in stream.feed(chunk)]
    return found + stream.end()


def cut(text: bytes, places: list[int]) -> list[bytes]:
    at = sorted({place % (len(text) + 1) for place in places})
    return [text[begin:end] for begin, end in zip([0, *at], [*at, len(text)], strict=True)]


line_ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
contents = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20)
fields = st.sampled_from(["data", "data", "data", "event", "id", "retry", "", "other"])
lines = st.tuples(fields, contents, st.sampled_from([": ", ":"])).map(
    lambda one: f"{one[0]}{one[2]}{one[1]}".encode()
)
streams = st.lists(st.tuples(lines | st.just(b""), line_ends), max_size=30).map(
    lambda all_lines: b"".join(line + end for line, end in all_lines)
)


@settings(deadline=None)
@given(streams | st.binary(max_size=60), st.lists(st.integers(0, 10_000), max_size=40))
def test_it_does_not_matter_where_the_bytes_are_cut(text, places):
    whole = events(text)
    assert events(*cut(text, places)) == whole
    assert events(*(text[at : at + 1] for at in range(len(text)))) == whole


@settings(deadline=None)
@given(st.lists(st.lists(contents, min_size=1, max_size=3), max_size=8), line_ends)
def test_what_was_sent_is_what_is_read(sent, end):
    text = b"".join(b"".join(b"data: " + one.encode() + end for one in lines) + end for lines in sent)
    assert events(text) == [b"\n".join(one.encode() for one in lines) for lines in sent]


def test_examples_of_the_specification():
    assert events(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [b"YHOO\n+2\n10"]
    assert events(
        b": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n"
    ) == [
        b"first event",
        b"second event",
        b" third event",
    ]
    assert events(b"data\n\ndata\ndata\n\ndata:x\n\n") == [b"", b"\n", b"x"]
    assert events(b"\xef\xbb\xbfdata: x\n\n") == [b"x"]


def test_an_event_that_the_end_leaves_open_is_given():
    assert events(b"data: [DONE]") == [b"[DONE]"]
    assert events(b"data: a\n") == [b"a"]
    assert events(b"event: x\n", b"") == []


def test_a_long_event_in_small_pieces_costs_no_more_than_its_length():
    stream = EventStream()
    stream.feed(b"data: ")
    for _ in range(200_000):
        assert stream.feed(b"xxxxxxxxxx") == []
    assert len(stream.feed(b"\n\n")[0]) == 2_000_000

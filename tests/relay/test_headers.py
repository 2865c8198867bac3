from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from readiness.relay.headers import HOP_BY_HOP, asks_upgrade, first, forwarded, is_utf_8, returned, values

FIELDS = st.lists(
    st.tuples(st.sampled_from(["Host", "TE", "Connection", "X-A", "x-b", "Upgrade", "X-Readiness-Trace", "Via"]), st.sampled_from(["x-a", "close", "x-b, te", ""]))
)  # fmt: skip


@given(FIELDS)
def test_no_field_of_one_hop_crosses(fields):
    named = {
        option.strip().lower()
        for name, value in fields
        if name == "Connection"
        for option in value.split(",")
    }
    for crossed in (forwarded(fields), returned(fields)):
        assert not {name.lower() for name, _ in crossed} & (HOP_BY_HOP | (named - {"via", "host", ""}))
    names = [name.lower() for name, _ in forwarded(fields)]
    assert not [name for name in names if name.startswith("x-readiness") or name == "host"]
    assert names.count("accept-encoding") == 1


def test_the_rest_crosses_in_order_and_as_often_as_it_came():
    fields = [
        ("X-A", "1"),
        ("Authorization", "Bearer k"),
        ("X-A", "2"),
        ("Accept-Encoding", "gzip"),
        ("Content-Length", "3"),
    ]
    assert forwarded(fields)[:3] == [("X-A", "1"), ("Authorization", "Bearer k"), ("X-A", "2")]
    assert ("Content-Length", "3") in returned(fields)
    assert (first(fields, "x-a"), values(fields, "x-a"), first(fields, "x-z")) == ("1", ["1", "2"], "")


def test_an_upgrade_is_seen():
    assert asks_upgrade([("Connection", "keep-alive, Upgrade"), ("Upgrade", "websocket")])
    assert not asks_upgrade([("Connection", "keep-alive"), ("Upgrade", "h2c")])


@given(st.binary(max_size=6))
def test_what_is_no_utf_8_is_known(raw):
    """The server library decodes fields so that any bytes can be told again."""
    text = raw.decode("utf-8", "surrogateescape")
    assert is_utf_8(text) == (raw.decode("utf-8", "ignore").encode() == raw)
    assert returned([("X-A", text), ("X-B", "1")])[-1] == ("X-B", "1")
    assert (("X-A", text) in returned([("X-A", text)])) == is_utf_8(text)

"""Every row of the header table, as a decision."""

from __future__ import annotations

import pytest

from mini_agent.headers.table import MAX_BYTES, MAX_FIELDS, HeaderError, check_size, checked

SECRET = "hunter2-hunter2"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "X A",
        "X:A",
        " X-A",
        "X-A ",
        "X-\u00e4",
        "X\r\nY",
        "X\x00",
        "X\tA",
        "X(A)",
        "X/A",
        "\u212aey",
        "X\x7f",
    ],
)
def test_a_name_that_is_no_token_is_refused(name):
    with pytest.raises(HeaderError) as refusal:
        checked(name, SECRET)
    message = str(refusal.value)
    assert SECRET not in message
    assert message.isascii()
    assert message.isprintable()


@pytest.mark.parametrize(
    "value",
    [
        f"{SECRET}\r\nX-B: 1",
        f"{SECRET}\n",
        f"\r{SECRET}",
        f"{SECRET}\x00",
        f"a\t{SECRET}",
        f"{SECRET}\x1b[0m",
        f"{SECRET}\x7f",
        f"{SECRET}\u00fc",
        f"{SECRET}\u2028",
    ],
)
def test_a_value_with_control_characters_or_beyond_ascii_is_refused_by_name_alone(value):
    with pytest.raises(HeaderError) as refusal:
        checked("X-Token", value)
    assert "'X-Token'" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "name",
    [
        "Host",
        "Content-Length",
        "Transfer-Encoding",
        "Connection",
        "Keep-Alive",
        "TE",
        "Trailer",
        "Upgrade",
        "Proxy-Authorization",
        "Proxy-Connection",
        "proxy-anything",
        "hOsT",
        "TRANSFER-ENCODING",
    ],
)
def test_what_only_the_service_sets_is_refused(name):
    with pytest.raises(HeaderError, match=f"{name}.*only the service") as refusal:
        checked(name, SECRET)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize("name", ["Proxy", "Hosts", "X-Host", "Te-st", "Authorization", "Content-Type"])
def test_what_only_looks_like_it_passes(name):
    assert checked(name, "v") == (name, "v")


@pytest.mark.parametrize(
    ("value", "sent"),
    [("  a b  ", "a b"), ("\t a\t", "a"), ("", ""), ("   ", ""), ("a  b", "a  b"), ('"{}"', '"{}"')],
)
def test_white_space_around_a_value_goes(value, sent):
    assert checked("X-A", value) == ("X-A", sent)


@pytest.mark.parametrize(
    ("name", "value"), [(1, "a"), (b"X-A", "a"), ("X-A", 1), ("X-A", None), ("X-A", b"a")]
)
def test_what_is_not_text_is_refused(name, value):
    with pytest.raises(HeaderError, match="not text"):
        checked(name, value)


def test_a_long_name_is_shown_in_part():
    with pytest.raises(HeaderError) as refusal:
        checked("ä" * 100_000, "a")
    assert len(str(refusal.value)) < 500


def test_sixty_four_headers_pass_and_one_more_does_not():
    fields = {f"x-{number}": (f"X-{number}", "v") for number in range(MAX_FIELDS)}
    check_size(fields)
    with pytest.raises(HeaderError, match="65 headers are more than 64"):
        check_size(fields | {"x-more": ("X-More", "v")})


def test_sixteen_kibibytes_pass_and_one_more_byte_does_not():
    room = MAX_BYTES - len("X-A") - len(": \r\n")
    check_size({"x-a": ("X-A", "v" * room)})
    with pytest.raises(HeaderError, match=f"'X-A' are longer than {MAX_BYTES} bytes") as refusal:
        check_size({"x-a": ("X-A", "v" * (room + 1))})
    assert "vvv" not in str(refusal.value)

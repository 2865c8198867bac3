"""Secrets known by the name beside them: `password: …`, `API_KEY=…`, `"token": "…"`, `Authorization: …`."""

from __future__ import annotations

import functools
import re

from readiness.record import secret_patterns as patterns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

LITTLE: Final = 1 << 12
"""Bytes seen until compiling is cheaper than looking for the names one by one."""

WORDS: Final = (
    b"passw",
    b"passp",
    b"_pass",
    b"pwd",
    b"secret",
    b"key",
    b"token",
    b"credential",
    b"sig=",
    b"cookie",
    b"authoriz",
)
"""A telling name holds one of these, whatever its case."""

LOOK_BEHIND: Final = 48
"""Bytes before `=` or `:` in which a name must start."""

LOOKED_AT: Final = 256
"""Bytes of a value that are looked at to judge it; whatever follows them goes the same way."""

BARE: Final = rb"[^\s\"'\\,;&)}\]>|`]"
QUOTED: Final = rb"[^\"'\\\r\n]"
REST: Final = {"bare": BARE + b"*+", "quoted": QUOTED + b"*+"}
QUOTE: Final = rb"(?:[bBuUrR]?\\?[\"'])"


class NamedValues:
    """Finds values beside a telling name, in code, JSON, YAML, headers, queries and environment files."""

    def __init__(self) -> None:
        self._seen = 0

    def find(self, data: bytes) -> Iterator[tuple[int, int, str]]:
        """Start, end and kind of each value."""
        if not self._worth_compiling(data):
            return
        for separator in (b"=", b":"):
            covered = 0
            for match in _separator(separator).finditer(data):
                span = _value_at(data, match.end()) if match.end() >= covered else None
                if span:
                    covered = span[1]
                    yield span

    def _worth_compiling(self, data: bytes) -> bool:
        if self._seen <= LITTLE:
            self._seen += len(data)
            small = data.lower()
            return self._seen > LITTLE or any(word in small for word in WORDS)
        return True


def _value_at(data: bytes, at: int) -> tuple[int, int, str] | None:
    """The secret value that follows the separator ending at `at`, if its name and its looks say that it is one."""
    name = _name().search(data, max(0, at - LOOK_BEHIND), at)
    kind = name.lastgroup if name else None
    value = _value(kind).match(data, at) if kind else None
    if name is None or kind is None or value is None:
        return None
    start, end = value.span(value.lastindex or 0)
    if not _accepted(kind, name.group(), data[start:end], quoted=value.lastgroup == "quoted"):
        return None
    rest = REST[value.lastgroup] if end - start == LOOKED_AT and value.lastgroup else None
    rested = re.compile(rest).match(data, end) if rest else None
    return start, rested.end() if rested else end, kind


def _accepted(kind: str, name: bytes, secret: bytes, *, quoted: bool) -> bool:
    """Whether a value is one, and not a word of code such as `password: str`."""
    if kind == "token":
        return _random(secret)
    if kind != "password":
        return True
    if re.fullmatch(patterns.PLACEHOLDER, secret):
        return False
    in_environment = re.fullmatch(rb"[A-Z_-]+=", name)
    if quoted:
        # Not what follows a closing quote, as in `getpass(prompt="Password: ", stream=None)`.
        return secret[:1] not in b",;)]}"
    code = re.fullmatch(rb"\(?[A-Za-z_](?:[A-Za-z_.]*:?|[\w.]*[\[(].*)", secret)
    return bool(in_environment or not code)


def _random(secret: bytes) -> bool:
    """Whether a value looks made by a machine: letters with digits, or cases that change too often."""
    if not re.fullmatch(rb"(?![./~]{0,2}/|https?:)[\w./+~=%@|:-]{8,}", secret):
        return False
    if re.search(rb"[0-9]", secret):
        return bool(re.search(rb"[A-Za-z]", secret))
    # The case of a class's name changes once a word, that of random letters every fourth time.
    return len(secret) >= 20 and 6 * len(re.findall(rb"[a-z][A-Z]", secret)) >= len(secret)


@functools.cache
def _separator(sign: bytes) -> re.Pattern[bytes]:
    """The sign where a telling name ends before it and a value of four bytes may follow.

    Between name and sign there may be a quote, an escaped quote, a space, or a quote and a space.
    """
    ends = b"%b|(?<=[\"' ]%b)(?:%b|%b)" % (
        _name_ends(sign),
        sign,
        _name_ends(b"[\"' ]" + sign),
        _name_ends(rb"(?:\\[\"']|[\"'] )" + sign),
    )
    return re.compile(rb"%b(?:%b)(?=[=>]?[ ]{0,3}(?:%b[^\"'\\\r\n]{4}|[^\s\"'\\]{4}))" % (sign, ends, QUOTE))


def _name_ends(gap: bytes) -> bytes:
    """The last letters of a name before the gap; their last two are tried first, as most words fail there."""
    short, long = patterns.NAME_ENDINGS, patterns.LONG_NAME_ENDINGS
    last_two = b"".join(_any_case("".join(sorted({word[at] for word in short + long}))) for at in (-2, -1))
    alternatives = b"|".join(
        b"(?<=(?:%b)%b)" % (b"|".join(b"".join(_any_case(letter) for letter in word) for word in words), gap)
        for words in (short, long)
    )
    return b"(?<=%b%b)(?:%b)" % (last_two, gap, alternatives)


def _any_case(letters: str) -> bytes:
    return f"[{letters}{letters.upper()}]".encode()


@functools.cache
def _name() -> re.Pattern[bytes]:
    return re.compile(
        rb"(?i:(?P<authorization>authorization)|(?P<cookie>cookie)|(?P<password>%b)|(?P<token>%b))(?:\\?[\"'])?[ ]?[=:]\Z"
        % (patterns.STRONG_NAMES, patterns.WEAK_NAMES)
    )


@functools.cache
def _value(kind: str) -> re.Pattern[bytes]:
    """What follows the separator; the last group that matched is the secret."""
    lead = rb"[=>]?[ ]{0,3}"
    if kind == "authorization":
        return re.compile(
            rb"(?i)%b%b?(?:(?:%b)[ ]+([^\s\"'\\,]{6,}+)|(?:%b)[ ]+([^\r\n\\]{6,}+)"
            rb"|((?=[^\s0-9\"']{0,80}[0-9])[^\s\"'\\,]{8,}+))"
            % (lead, QUOTE, patterns.SCHEMES, patterns.SCHEMES_WITH_FIELDS)
        )
    if kind == "cookie":
        return re.compile(rb"%b%b?((?=[^\s=;\"']{1,128}=)[^\"'\r\n\\]{4,}+)" % (lead, QUOTE))
    return re.compile(
        rb"%b(?:%b(?P<quoted>%b{4,%d}+)|(?P<bare>(?![:=])%b{4,%d}+))"
        % (lead, QUOTE, QUOTED, LOOKED_AT, BARE, LOOKED_AT)
    )

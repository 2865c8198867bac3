"""Which values of an environment are secrets, and every form in which a secret can turn up in text."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Final

LEAST: Final = 6
"""Bytes that a value must have to be looked for: a shorter one would black out ordinary text."""

SECRET_NAME: Final = (
    r"(?:^|_)(?:API_?)?(?:KEYS?|TOKENS?|PASS|PWD|AUTH|COOKIES?|DSN|PAT|JWT|BEARER|SAS|WEBHOOK)(?:_|\d*$)"
    r"|(?:KEY|TOKEN|PWD|COOKIE)\d*$|SECRET|PASSW|PASSPHRASE|CREDENTIAL"
)
"""What makes the name of a variable look secret, in capitals and with `_` between its words."""
PASSWORD_NAME: Final = r"PASS|PWD|SECRET|CREDENTIAL"
NOT_SECRET_NAMES: Final = ("PWD", "OLDPWD")
"""The shell's working directories."""

COMMON_WORD: Final = (
    r"(?i:admin|administrator|changeme|default|disabled|dummy|enabled|example|false|guest|hidden|localhost|minioadmin"
    r"|missing|mongodb|mysql|none|null|optional|password|passwd|postgres|postgresql|rabbitmq|redis|required|root"
    r"|secret|string|testing|true|undefined|username)"
)
"""Passwords of development databases and words that stand for no value: too common to be cut out of every log."""


def secret_values(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The values that must not be shown: those of variables whose name looks secret, and passwords in URLs.

    Plain words, short numbers, paths and values under six bytes are left alone. Longest first.
    """
    found = {
        value for name, value in environ.items() if _looks_secret(name) and _is_secret(value, _camel(name))
    }
    for value in environ.values():
        found.update(_in_url(value))
    return tuple(sorted(found, key=lambda value: (-len(value), value)))


def forms(values: Iterable[str]) -> set[bytes]:
    """Each value as UTF-8, percent-encoded, in base64 at each of its three alignments, and escaped as in JSON.

    A value of several lines counts as its lines, since logs come by the line.
    """
    found: set[bytes] = set()
    for value in values:
        lines = [line.strip() for line in value.splitlines()] if "\n" in value else [value]
        for line in lines:
            raw = line.encode("utf-8", "surrogateescape")
            if len(raw) >= LEAST and (len(lines) == 1 or _is_secret(line, "")):
                found.update(_forms(raw, line))
        if len(lines) > 1:
            found.update(_escaped(value))
    return {form for form in found if len(form) >= LEAST}


def _forms(raw: bytes, text: str) -> Iterator[bytes]:
    yield raw
    yield from _escaped(text)
    quoted = re.sub(rb"[^A-Za-z0-9_.~-]", lambda match: b"%%%02X" % match.group()[0], raw)
    yield quoted
    yield re.sub(rb"%[0-9A-F]{2}", lambda match: match.group().lower(), quoted)
    yield quoted.replace(b"%20", b"+")
    yield quoted.replace(b"%2F", b"/")
    for alignment in range(3):
        yield from _base64(raw, alignment)


def _base64(raw: bytes, alignment: int) -> Iterator[bytes]:
    """The characters of base64 that `raw` alone decides when `alignment` bytes of something else come first."""
    import binascii

    encoded = binascii.b2a_base64(bytes(alignment) + raw, newline=False)
    sure = encoded[(0, 2, 3)[alignment] : (alignment + len(raw)) * 8 // 6]
    if len(sure) >= 8:
        yield sure
        yield sure.translate(bytes.maketrans(b"+/", b"-_"))


def _escaped(text: str) -> Iterator[bytes]:
    """As a JSON string or a Python literal shows it, where that differs from the text itself."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text and "'" not in text:
        return
    import json

    yield json.dumps(text)[1:-1].encode()
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")
    yield repr(text)[1:-1].encode("utf-8", "surrogateescape")


def _camel(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def _looks_secret(name: str) -> bool:
    return name not in NOT_SECRET_NAMES and bool(re.search(SECRET_NAME, _camel(name)))


def _is_secret(value: str, name: str) -> bool:
    if len(value) < LEAST or re.fullmatch(COMMON_WORD, value) or _is_path(value):
        return False
    if value.isdigit():
        return len(value) >= 12
    if value.isalpha() and value.isascii():
        return len(value) >= (8 if re.search(PASSWORD_NAME, name) else 12)
    return True


def _is_path(value: str) -> bool:
    """Paths of files are no secrets, but a key in base64 may start with a slash: its parts do not read as names."""
    if not re.fullmatch(r"(?:~|\.{0,2})(?:/[\w.@+,:-]*)+", value):
        return False
    parts = value.split("/")
    return not any(len(part) > 12 and re.search(r"[a-z][A-Z0-9]+[a-z]+[A-Z0-9]", part) for part in parts)


def _in_url(value: str) -> Iterator[str]:
    """The password in a URL's user part, or the user part itself where it alone is the key; as written and decoded."""
    match = re.search(r"://([^\s/@:]*)(?::([^\s/@]*))?@", value)
    if not match:
        return
    secret = match[2] or (match[1] if len(match[1]) >= 16 else "")
    decoded = re.sub(r"%([0-9A-Fa-f]{2})", lambda byte: chr(int(byte[1], 16)), secret)
    yield from (one for one in (secret, decoded) if _is_secret(one, PASSWORD_NAME))

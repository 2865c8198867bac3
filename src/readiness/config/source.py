"""From a path to the text of the configuration: every way in which a file is no text at all."""

from __future__ import annotations

import os
import stat

from readiness.config.fault import ConfigError, Fault
from readiness.config.model import Place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

LARGEST: Final = 4 * 1024 * 1024
"""Bytes. A configuration that is larger is some other file."""


def shown_as(path: str) -> str:
    """What messages call a file: the path as given, or the file's own name where that was absolute."""
    return os.path.basename(path) if os.path.isabs(path) else path


def read_source(path: str, shown: str) -> bytes:
    """Read the file whole, at most `LARGEST` bytes. `shown` is what messages call it.

    Raises ConfigError when it is missing, no regular file, unreadable or too large.
    """
    try:
        status = os.stat(path)
        if not stat.S_ISREG(status.st_mode):
            raise _error(shown, _what_it_is(status.st_mode), "name the configuration file itself")
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        advice = "write one with `readiness init`"
        raise _error(shown, "there is no such file", advice) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise _error(shown, f"cannot be read: {reason}", "check the path and its permissions") from None
    if len(data) > LARGEST:
        raise _error(
            shown, f"is larger than {LARGEST:,} bytes", "this is no configuration; name the right file"
        )
    return data


def decode(data: bytes, shown: str) -> str:
    """The text of the file, its byte-order mark taken off. Raises ConfigError at a byte that is not UTF-8."""
    nul = data.find(b"\0")
    if nul >= 0:
        message = f"is a binary file, or text that is not UTF-8: byte {nul + 1} is NUL"
        raise ConfigError([Fault(_place_of_byte(data, nul, shown), message, "save it as UTF-8 text")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text: byte 0x{error.object[error.start]:02x}"
        place = _place_of_byte(error.object, error.start, shown)
        raise ConfigError([Fault(place, message, "save it as UTF-8 text")]) from None


def _place_of_byte(data: bytes, offset: int, shown: str) -> Place:
    before = data[:offset]
    line_start = before.rfind(b"\n") + 1
    column = len(before[line_start:].decode("utf-8", "replace")) + 1
    return Place(shown, before.count(b"\n") + 1, column)


def _what_it_is(mode: int) -> str:
    return "is a directory, not a file" if stat.S_ISDIR(mode) else "is not a regular file"


def _error(shown: str, message: str, advice: str) -> ConfigError:
    return ConfigError([Fault(Place(shown, 1, 1), message, advice)])

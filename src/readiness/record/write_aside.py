"""Writing a file so that a reader sees the old content or the new, never half of either."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike


def write_aside(path: str | PathLike[str], content: str | bytes) -> None:
    """Write `content` to a new file beside `path`, then rename it into place.

    Text is encoded as UTF-8; lone surrogates (undecodable bytes of a log) become `\\udcXX` escapes.
    The temporary file is removed when writing fails. Raises OSError, with `path` as its file name.
    """
    data = content.encode("utf-8", "backslashreplace") if isinstance(content, str) else content
    aside = f"{os.fspath(path)}.{os.getpid()}.part"
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(descriptor, view) :]
        finally:
            os.close(descriptor)
        os.replace(aside, path)
    except OSError as error:
        if os.path.lexists(aside):
            os.unlink(aside)
        raise OSError(error.errno, error.strerror, os.fspath(path)) from error

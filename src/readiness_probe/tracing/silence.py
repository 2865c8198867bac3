"""In a copy of a pytest process: nothing it writes reaches the files that it shares with the original."""

from __future__ import annotations

import io
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Iterator


def silence(config: Any) -> None:
    """Standard streams and pytest's terminal go nowhere; what pytest captures goes to files of this process."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    with tempfile.TemporaryFile() as own:
        captured = list(_captures(config))
        for capture in captured:
            number = _number(capture.tmpfile)
            if number is not None:
                os.dup2(own.fileno(), number)
            saved = getattr(capture, "targetfd_save", None)
            if saved is not None:
                os.dup2(nowhere, saved)
        targets = {
            capture.targetfd for capture in captured if getattr(capture, "targetfd_save", None) is not None
        }
        for number in (0, 1, 2):
            os.dup2(own.fileno() if number in targets and number else nowhere, number)
    terminal = _number(getattr(_writer(config), "_file", None))
    if terminal is not None:
        os.dup2(nowhere, terminal)
    os.close(nowhere)


def _captures(config: Any) -> Iterator[Any]:
    manager = config.pluginmanager.getplugin("capturemanager")
    capturing = getattr(manager, "_global_capturing", None)
    for name in ("in_", "out", "err"):
        capture = getattr(capturing, name, None)
        if capture is not None and hasattr(capture, "tmpfile") and name != "in_":
            yield capture


def _writer(config: Any) -> Any:
    reporter = config.pluginmanager.getplugin("terminalreporter")
    return getattr(reporter, "_tw", None)


def _number(file: Any) -> Any:
    try:
        return file.fileno()
    except (AttributeError, ValueError, OSError, io.UnsupportedOperation):
        return None

"""What several tests of bad input need."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def marked() -> Callable[[str], list[int]]:
    """Processes whose environment holds a text: whatever a run left behind, wherever it hides."""

    def find(mark: str) -> list[int]:
        found = []
        for name in os.listdir("/proc"):
            try:
                if name.isdigit() and mark.encode() in Path(f"/proc/{name}/environ").read_bytes():
                    found.append(int(name))
            except OSError:
                continue
        return found

    return find

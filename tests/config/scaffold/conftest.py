"""Small projects on disk."""

from __future__ import annotations

import os
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def project(tmp_path: Path) -> Callable[[dict[str, str]], str]:
    """Write files into a folder; its path is returned."""

    def write(files: dict[str, str]) -> str:
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(dedent(text))
        return str(tmp_path)

    return write


@pytest.fixture
def environ() -> dict[str, str]:
    """The environment of somebody who has activated the environment that runs these tests."""
    folders = os.pathsep.join((os.path.join(sys.prefix, "bin"), os.environ.get("PATH", os.defpath)))
    return {"VIRTUAL_ENV": sys.prefix, "PATH": folders, "HOME": os.environ.get("HOME", "/")}

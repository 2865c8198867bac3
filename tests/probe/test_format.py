"""The description of the events names every event that the probe writes, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import readiness_probe

SOURCE = Path(readiness_probe.__file__).parent
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "probe.md"


def test_every_event_is_described():
    source = "\n".join(path.read_text() for path in SOURCE.rglob("*.py"))
    written = set(re.findall(r'(?:events\.write|\w*\.say)\(\s*"(\w+)"', source)) | set(
        re.findall(r'"event": "(\w+)"', source)
    )
    described = re.findall(r"^\| `(\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    assert len(written) > 15
    assert sorted(described) == sorted(written)

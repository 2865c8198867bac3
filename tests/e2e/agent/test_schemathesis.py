"""The service against its own description: schemathesis, all checks, a few hundred cases.

`scripts/agent_fuzz.py` runs the thousands.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "agent_fuzz.py"


def test_the_service_does_what_it_says(schemathesis_python: str) -> None:
    asked = ["--cases", "200", "--phases", "fuzzing"]
    words = [sys.executable, str(SCRIPT), "--python", schemathesis_python, *asked]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False)
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, summary["failures"]) == (0, 0), done.stdout[-6000:] + done.stderr[-2000:]
    assert summary["cases"] >= 60

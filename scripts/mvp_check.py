"""The old gate's entry: `READINESS_EXPECT=all_smokes_core python scripts/mvp_check.py`.

Everything it did is `readiness run` now, which reads the same environment.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main() -> int:
    """Run the gate of this repository; its exit code."""
    try:
        from readiness.cli.main import main as readiness
    except ModuleNotFoundError as error:
        if error.name != "readiness":
            raise
        _with_own_environment()
        return 2
    return readiness(["run", "-C", ROOT, *sys.argv[1:]])


def _with_own_environment() -> None:
    """Start again in this repository's own environment; returns only when there is none."""
    python = os.path.join(ROOT, ".venv", "bin", "python")
    if not os.access(python, os.X_OK):
        print(
            "readiness is not installed in this Python, and there is no .venv; run `make ready` once",
            file=sys.stderr,
        )
        return
    os.execv(python, [python, os.path.abspath(__file__), *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())

"""Make one virtual environment for each Python that the probe supports, and print what the tests want to know.

    export READINESS_TEST_PYTHONS=$(python scripts/probe_interpreters.py .cache/probe-pythons)

Every `python3.9` to `python3.13` on PATH, and those that pyenv has, is tried by running it. An environment that is
there already is used again. The oldest Python gets a second one with the oldest pytest that the probe supports.
"""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
import sys
from typing import Final

VERSIONS: Final = ("3.9", "3.10", "3.11", "3.12", "3.13")
PACKAGES: Final = ("pytest", "pytest-xdist", "pytest-rerunfailures", "pytest-cov")
OLDEST: Final = ("pytest==7.0.0", "pluggy==1.0.0")
PROBE: Final = os.path.join(os.path.dirname(__file__), "..", "src", "readiness_probe")
_ASK: Final = "import sys; print('%d.%d' % sys.version_info[:2])"


def interpreters() -> dict[str, str]:
    """The first working interpreter of each version."""
    found: dict[str, str] = {}
    for version in VERSIONS:
        pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
        candidates = [shutil.which(f"python{version}") or ""]
        candidates += sorted(glob.glob(os.path.join(pyenv, "versions", f"{version}.*", "bin", "python")))
        working = next((one for one in candidates if one and version_of(one) == version), None)
        if working:
            found[version] = working
    return found


def version_of(interpreter: str) -> str:
    """`3.12`; empty for what does not run (a pyenv shim without its version, say)."""
    try:
        asked = subprocess.run(
            [interpreter, "-I", "-c", _ASK], capture_output=True, text=True, timeout=30, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return asked.stdout.strip()


def prepare(interpreter: str, folder: str, packages: tuple[str, ...]) -> str:
    """The interpreter of an environment in `folder` that has `packages`. Raises CalledProcessError."""
    python = os.path.join(folder, "bin", "python")
    complete = os.path.join(folder, "complete")
    if not os.path.exists(complete):
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([interpreter, "-m", "venv", folder], check=True, stdout=sys.stderr)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        subprocess.run(install, check=True, stdout=sys.stderr)
        # As an installed probe is: with PYTHONDONTWRITEBYTECODE, every pytest would compile it again.
        subprocess.run([python, "-m", "compileall", "-q", PROBE], check=True, stdout=sys.stderr)
        with open(complete, "w", encoding="utf-8") as file:
            file.write("\n".join(packages) + "\n")
    return python


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        sys.stderr.write(f"usage: {os.path.basename(__file__)} FOLDER\n")
        return 2
    folder, found = os.path.abspath(arguments[0]), interpreters()
    if not found:
        sys.stderr.write(f"none of Python {', '.join(VERSIONS)} is on PATH\n")
        return 1
    pythons = [prepare(one, os.path.join(folder, version), PACKAGES) for version, one in found.items()]
    oldest = next(iter(found))
    pythons.append(prepare(found[oldest], os.path.join(folder, f"{oldest}-oldest-pytest"), OLDEST))
    sys.stdout.write(os.pathsep.join(pythons) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

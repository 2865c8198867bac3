"""Outcomes of hermetic checks whose inputs have not changed since they passed."""

from __future__ import annotations

import json
import os

from readiness import __version__
from readiness.record.outcome import Outcome
from readiness.record.result import CheckResult
from readiness.record.value import as_json, replace, value
from readiness.record.write_aside import write_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

    from readiness.config.model import Check
    from readiness.run.inputs import Inputs
    from readiness.run.interpreter import Interpreter

FORMAT: Final = "readiness/cache/1"
FOLDER: Final = ".readiness/cache"
VOLATILE: Final = frozenset(
    {
        "_",
        "OLDPWD",
        "PWD",
        "SHLVL",
        "TERM",
        "COLORTERM",
        "COLUMNS",
        "LINES",
        "WINDOWID",
        "DISPLAY",
        "XAUTHORITY",
        "SSH_AUTH_SOCK",
        "SSH_AGENT_PID",
        "SSH_CLIENT",
        "SSH_CONNECTION",
        "SSH_TTY",
        "DBUS_SESSION_BUS_ADDRESS",
        "XDG_SESSION_ID",
        "XDG_RUNTIME_DIR",
        "GPG_AGENT_INFO",
        "HOME",
        "TMPDIR",
        "PATH",
        "MAKEFLAGS",
        "MFLAGS",
        "MAKELEVEL",
        "STRICT_READY",
        "READINESS_EXPECT",
        "READINESS_GATE",
        "READINESS_HISTORY",
    }
)
"""Inherited variables that differ from shell to shell without deciding a hermetic check's outcome."""
VOLATILE_PREFIXES: Final = ("GITHUB_", "RUNNER_", "VSCODE_", "TMUX", "ITERM", "KITTY_")
NAMED_FILES: Final = 3


@value
class Key:
    """What an outcome depends on: the digest of each part by name, and the input files behind `inputs`."""

    parts: Mapping[str, str]
    files: Mapping[str, str]

    @property
    def usable(self) -> bool:
        return bool(self.parts["inputs"])


class Keys:
    """Makes the keys of a run's checks; what they share is digested once."""

    def __init__(self, inputs: Inputs, environ: Mapping[str, str]) -> None:
        self._inputs = inputs
        self._environ = environ
        self._environment = ""
        self._packages: dict[str, str] = {}

    def of(self, check: Check, interpreter: Interpreter) -> Key:
        """The key of a check as it stands now."""
        declared = (*check.inputs, check.cassette) if check.inputs and check.cassette else check.inputs
        digest, files = self._inputs.of(declared)
        self._environment = self._environment or _digest(_deciding(self._environ))
        if interpreter.path not in self._packages:
            self._packages[interpreter.path] = _digest(dict(interpreter.packages))
        parts = {
            "gate version": __version__,
            "command": _digest([check.run, check.cwd, dict(check.env), check.isolation, check.services]),
            "interpreter": f"{interpreter.path} {interpreter.version}",
            "packages": self._packages[interpreter.path],
            "environment": self._environment,
            "inputs": digest,
        }
        return Key(parts, files)


def _deciding(environ: Mapping[str, str]) -> dict[str, str]:
    """The inherited variables that may decide a hermetic check's outcome."""
    return {
        name: value
        for name, value in environ.items()
        if name not in VOLATILE and not name.startswith(VOLATILE_PREFIXES)
    }


def look_up(root: str, check: Check, key: Key) -> tuple[CheckResult | None, str]:
    """The earlier outcome, or None and why there is none to use."""
    if not key.usable:
        return None, "not a git checkout, and the check declares no inputs"
    try:
        with open(_path(root, check.name), encoding="utf-8") as file:
            entry = json.load(file)
    except FileNotFoundError:
        return None, "no earlier pass is on record"
    except (OSError, ValueError, RecursionError) as error:
        return None, f"the earlier pass cannot be read: {error}"
    if not isinstance(entry, dict) or entry.get("format") != FORMAT:
        return None, "the earlier pass was kept by another version"
    try:
        return _compare(check, key, entry)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return None, f"the earlier pass cannot be read: it is damaged ({type(error).__name__}: {error})"


def _compare(check: Check, key: Key, entry: Mapping[str, Any]) -> tuple[CheckResult | None, str]:
    """Raises what reading a damaged entry raises."""
    changed = [name for name, value in key.parts.items() if entry["parts"].get(name) != value]
    if changed:
        return None, _why(changed, entry.get("files", {}), key.files)
    result = CheckResult.from_json(entry["result"])
    if (result.name, result.outcome) != (check.name, Outcome.PASSED):
        raise ValueError(f"it holds {result.name}: {result.outcome}")
    reason = f"{result.reason}; unchanged since run {entry['run_id']}"
    return replace(result, reason=reason, cached_from=entry["run_id"], seconds=0.0, cache_miss=""), ""


def keep(root: str, run_id: str, key: Key, result: CheckResult) -> None:
    """Remember a pass; anything else is run again next time. Raises OSError when it cannot be written."""
    if result.outcome is not Outcome.PASSED or not key.usable:
        return
    os.makedirs(os.path.join(root, FOLDER), exist_ok=True)
    entry = {
        "format": FORMAT,
        "run_id": run_id,
        "parts": dict(key.parts),
        "files": dict(key.files),
        "result": as_json(result),
    }
    write_aside(_path(root, result.name), json.dumps(entry))


def _path(root: str, name: str) -> str:
    return os.path.join(root, FOLDER, f"{name}.json")


def _why(changed: list[str], before: Mapping[str, str], now: Mapping[str, str]) -> str:
    if "inputs" not in changed:
        return f"{', '.join(changed)} changed"
    files = sorted(path for path in {*before, *now} if before.get(path) != now.get(path))
    more = f" and {len(files) - NAMED_FILES} more" if len(files) > NAMED_FILES else ""
    return f"changed: {', '.join(files[:NAMED_FILES])}{more}"


def _digest(value: object) -> str:
    import hashlib

    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

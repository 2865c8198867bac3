"""One execution of a test or a command among many: its number, its seed, and the variables that carry them."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Dict, Mapping, MutableMapping, Optional

NUMBER = "READINESS_TRIAL"
SEED = "READINESS_SEED"

_RELAY = re.compile(r"(http://127\.0\.0\.1:\d+/c/[A-Za-z0-9_-]{16,})(?:/t/\d+)?(?=/|$)")
"""A route of the gate's relay, which counts the calls of one check; with `/t/<n>` behind it, those of a trial."""


class Trial:
    """`number` is never used twice in a check; `seed` differs from trial to trial."""

    __slots__ = ("number", "seed")

    def __init__(self, number: int, seed: int) -> None:
        self.number = number
        self.seed = seed

    def __repr__(self) -> str:
        return f"Trial(number={self.number}, seed={self.seed})"


def variables(trial: Trial, environ: Mapping[str, str]) -> Dict[str, str]:
    """The variables that differ in a trial: its number and seed, and every address of the relay with its number."""
    changed = {NUMBER: str(trial.number), SEED: str(trial.seed)}
    for name, value in environ.items():
        if "/c/" in value:
            numbered = _RELAY.sub(rf"\g<1>/t/{trial.number}", value)
            if numbered != value:
                changed[name] = numbered
    return changed


class Changed:
    """While it is entered, `environ` (os.environ, say) has these variables; then it is as it was in them."""

    def __init__(self, environ: MutableMapping[str, str], values: Mapping[str, str]) -> None:
        self._environ = environ
        self._values = values
        self._before: Dict[str, Optional[str]] = {}

    def __enter__(self) -> None:
        self._before = {name: self._environ.get(name) for name in self._values}
        self._environ.update(self._values)

    def __exit__(self, *_: object) -> None:
        for name, value in self._before.items():
            if value is None:
                self._environ.pop(name, None)
            else:
                self._environ[name] = value

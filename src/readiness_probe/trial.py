"""One execution of a test among many: its number, its seed, and what the test sees of them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Dict, Mapping, MutableMapping, Optional

NUMBER = "READINESS_TRIAL"
SEED = "READINESS_SEED"
MARKER = "trials(good, bad): run this test until it is plain whether it succeeds at least at the rate `good`, or at most at `bad`"

_RELAY = re.compile(r"(http://127\.0\.0\.1:\d+/c/[A-Za-z0-9_-]{16,})(?:/t/\d+)?(?=/|$)")
"""A route of the gate's relay, which counts the calls of one check; with `/t/<n>` behind it, those of a trial."""


class Trial:
    """`number` counts from 1 and is never used twice for a test; `seed` differs from trial to trial."""

    __slots__ = ("number", "seed")

    def __init__(self, number: int, seed: int) -> None:
        self.number = number
        self.seed = seed

    def __repr__(self) -> str:
        return f"Trial(number={self.number}, seed={self.seed})"


class TrialFixture:
    """The fixture `trial`. A fixture of that name in the project stands in front of it."""

    def __init__(self) -> None:
        self.current: Optional[Trial] = None

    @pytest.fixture
    def trial(self) -> Trial:
        """Which execution of this test it is: `.number` and `.seed`."""
        return self.current or Trial(_whole(os.environ.get(NUMBER), 1), _whole(os.environ.get(SEED), 0))


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


def _whole(text: Optional[str], otherwise: int) -> int:
    try:
        return int(text) if text else otherwise
    except ValueError:
        return otherwise

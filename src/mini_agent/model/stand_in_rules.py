"""When a stand-in may answer in place of a model: only when switched on, never when blocked or in a lane of real models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mini_agent.model.base_url import SettingsError

MODES: Final = ("", "echo", "block")
REAL_LANES: Final = ("nd", "live")
_ON: Final = frozenset(("1", "true", "yes", "on"))
_OFF: Final = frozenset(("", "0", "false", "no", "off"))


@dataclass(frozen=True, slots=True)
class StandInRules:
    """`mode` is MINI_AGENT_OPENAI_SHIM_MODE; `lane` that of the gate which started this process, empty when none."""

    mode: str = ""
    allow_dummy: bool = False
    lane: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> StandInRules:
        """Read the switches. Raises SettingsError for one that is neither on nor off.

        READINESS_LANE names the lane; without it, ND_REAL or READINESS_LIVE say that real models are wanted.
        """
        mode = environ.get("MINI_AGENT_OPENAI_SHIM_MODE", "").strip().lower()
        if mode not in MODES:
            raise SettingsError(f"MINI_AGENT_OPENAI_SHIM_MODE={mode!r}: unset it, or choose echo or block")
        return cls(mode, switch(environ, "MINI_AGENT_ALLOW_DUMMY"), _lane(environ))

    @property
    def refusal(self) -> str:
        """Why no stand-in may answer here; empty when one may."""
        if self.mode == "block":
            return "MINI_AGENT_OPENAI_SHIM_MODE=block forbids stand-ins"
        if self.lane in REAL_LANES:
            return f"the gate runs lane {self.lane} here, which a stand-in must not answer"
        return ""


def switch(environ: Mapping[str, str], variable: str) -> bool:
    """A variable that is on or off; unset is off. Raises SettingsError."""
    word = environ.get(variable, "").strip().lower()
    if word in _ON or word in _OFF:
        return word in _ON
    raise SettingsError(f"{variable}={word!r} is neither on nor off; set it to 1 or 0")


def _lane(environ: Mapping[str, str]) -> str:
    lane = environ.get("READINESS_LANE", "").strip().lower()
    if lane:
        return lane
    wanted = {"ND_REAL": "nd", "READINESS_LIVE": "live"}
    return next((name for variable, name in wanted.items() if _wanted(environ.get(variable, ""))), "")


def _wanted(text: str) -> bool:
    """The gate's own switches: whatever is not off asks for real models."""
    return text.strip().lower() not in _OFF

"""What is wrong with a configuration, and where: reported all at once, never one at a time."""

from __future__ import annotations

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from readiness.config.model import Place


@value
class Fault:
    """One thing that makes the configuration unusable: what is wrong, where, and what to do."""

    place: Place
    message: str
    advice: str = ""

    def __str__(self) -> str:
        tail = f"; {self.advice}" if self.advice else ""
        return f"{self.place}: {self.message}{tail}"


class ConfigError(Exception):
    """The configuration cannot be used. `faults` holds every one found, in file order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = tuple(
            sorted(faults, key=lambda fault: (fault.place.path, fault.place.line, fault.place.column))
        )
        super().__init__("\n".join(str(fault) for fault in self.faults))

"""Which checks a run holds, in which order, and why the others are not in it."""

from __future__ import annotations

from readiness.record.record import LeftOut, Planned
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from readiness.config.model import Check, Config
    from readiness.gate.settings import Settings


@value
class Item:
    """One check of the plan. `weight` is the expected seconds until everything that waits for it could be done."""

    check: Check
    required: bool
    why: str
    weight: float = 0.0
    skip: str = ""
    """Not empty: it will not be started, for this reason (an environment variable that it requires is not set)."""

    def planned(self) -> Planned:
        return Planned(
            self.check.name, self.check.lane, self.required, self.why, self.check.run, str(self.check.place)
        )


@value
class Plan:
    """What a run will do: items in the order they are offered, and what was left out with the reason."""

    items: tuple[Item, ...]
    left_out: tuple[LeftOut, ...] = ()


UNKNOWN_SECONDS = 3600.0
"""A check that never ran is offered before those known to be shorter."""


def make_plan(
    config: Config, settings: Settings, seconds: Mapping[str, float], environ: Mapping[str, str]
) -> Plan:
    """Select by name or by lane, add what the selected need, and order the longest chain first.

    `seconds` maps a check's name to how long it took before.
    """
    why = _asked_by_name(config, settings) if settings.expect else _asked_by_lane(config, settings)
    _add_needed(config, why)
    weights = _weights(config, seconds)
    items = [
        Item(
            check,
            required=check.name in settings.expect or not check.optional,
            why=why[check.name],
            weight=weights[check.name],
            skip=_missing_environment(check, environ),
        )
        for check in config.checks
        if check.name in why
    ]
    order = {check.name: number for number, check in enumerate(config.checks)}
    items.sort(key=lambda item: (-item.weight, order[item.check.name]))
    left = tuple(
        LeftOut(check.name, check.lane, _why_not(check, settings))
        for check in config.checks
        if check.name not in why
    )
    return Plan(tuple(_needs_first(items)), left)


def _asked_by_name(config: Config, settings: Settings) -> dict[str, str]:
    return {check.name: "asked for by name" for check in config.checks if check.name in settings.expect}


def _asked_by_lane(config: Config, settings: Settings) -> dict[str, str]:
    return {
        check.name: f"gate {settings.gate} needs lane {check.lane}"
        for check in config.checks
        if check.lane in settings.lanes and not _other_provider(check, settings)
    }


def _add_needed(config: Config, why: dict[str, str]) -> None:
    waiting = list(why)
    while waiting:
        check = config.check(waiting.pop())
        for name in check.needs if check else ():
            if name not in why:
                why[name] = f"{check.name if check else name} needs it"
                waiting.append(name)


def _why_not(check: Check, settings: Settings) -> str:
    if settings.expect:
        return "not asked for by name"
    if _other_provider(check, settings):
        return f"LIVE_PROVIDERS does not name its provider ({check.provider or 'none declared'})"
    return f"gate {settings.gate} does not need lane {check.lane}"


def _other_provider(check: Check, settings: Settings) -> bool:
    return check.lane == "live" and bool(settings.providers) and check.provider not in settings.providers


def _missing_environment(check: Check, environ: Mapping[str, str]) -> str:
    missing = [name for name in check.requires_env if not environ.get(name) and not check.env.get(name)]
    return (
        f"needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not set" if missing else ""
    )


def _weights(config: Config, seconds: Mapping[str, float]) -> dict[str, float]:
    """Seconds of a check plus those of the longest chain of checks that wait for it."""
    waiting_for: dict[str, list[str]] = {}
    for check in config.checks:
        for needed in check.needs:
            waiting_for.setdefault(needed, []).append(check.name)
    known: dict[str, float] = {}

    def weight(name: str) -> float:
        if name not in known:
            after = max((weight(other) for other in waiting_for.get(name, ())), default=0.0)
            known[name] = seconds.get(name, UNKNOWN_SECONDS) + after
        return known[name]

    return {check.name: weight(check.name) for check in config.checks}


def _needs_first(items: list[Item]) -> list[Item]:
    """A stable order in which each item stands behind those it needs."""
    by_name = {item.check.name: item for item in items}
    placed: dict[str, Item] = {}

    def place(item: Item) -> None:
        if item.check.name in placed:
            return
        for name in item.check.needs:
            if name in by_name:
                place(by_name[name])
        placed[item.check.name] = item

    for item in items:
        place(item)
    return list(placed.values())

"""The new form (`version: 2`): from nodes to gates, services and checks."""

from __future__ import annotations

from readiness.config.model import Check, Config, Gate, Place, Quarantine, Service, Trials
from readiness.config.reading import quoted
from readiness.config.references import refuse_cycles, refuse_duplicates, refuse_unknown
from readiness.config.sections import Entry, read_section

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from readiness.config.nodes import Node
    from readiness.config.reading import Reading


def default_gates(path: str) -> tuple[Gate, ...]:
    """The gates of a file that declares none."""
    place = Place(path, 1, 1)
    return (
        Gate("dev", ("core",), False, place),
        Gate("deploy", ("core", "nd"), True, place),
        Gate("release", ("core", "nd", "live"), True, place),
    )


def read_new_form(root: Node, reading: Reading, sha256: str) -> Config:
    """Raises ConfigError with every fault of the file."""
    entry = read_section("root", root, reading)
    values = entry.values if isinstance(entry, Entry) else {}
    services, checks = values.get("services", []), values.get("checks", [])
    _refuse_relations(services, checks, reading)
    _refuse_twice(values.get("quarantine", []), reading)
    reading.finish()
    defaults = values["defaults"].values if "defaults" in values else {}
    gates = tuple(_gate(gate, reading) for gate in values.get("gates", ()))
    return Config(
        path=reading.path,
        form=2,
        sha256=sha256,
        gates=gates or default_gates(reading.path),
        services=tuple(_service(service, reading) for service in services),
        checks=tuple(_check(check, defaults, reading) for check in checks),
        python=defaults.get("python"),
        quarantine=tuple(_quarantine(one, reading) for one in values.get("quarantine", ())),
    )


def _refuse_relations(services: list[Entry], checks: list[Entry], reading: Reading) -> None:
    refuse_duplicates(services, "service", reading)
    refuse_duplicates(checks, "check", reading)
    refuse_unknown(services, "needs", "service", services, reading)
    refuse_unknown(checks, "services", "service", services, reading)
    refuse_unknown(checks, "needs", "check", checks, reading)
    refuse_cycles(services, "service", reading)
    refuse_cycles(checks, "check", reading)
    for check in checks:
        if "trials" in check.values:
            _refuse_empty_zone(check.values["trials"], reading)


def _refuse_empty_zone(trials: Entry, reading: Reading) -> None:
    good, bad = trials.values.get("good"), trials.values.get("bad")
    if good is not None and bad is not None and good <= bad:
        message = f"`good` ({good}) must be above `bad` ({bad})"
        reading.refuse(
            trials.nodes["good"], message, "between them lies the zone in which either verdict will do"
        )


def _refuse_twice(quarantine: list[Entry], reading: Reading) -> None:
    first: dict[str, Entry] = {}
    for entry in quarantine:
        test = entry.values.get("test")
        if test in first:
            where = reading.place(first[test].nodes["test"])
            message = f"{quoted(test)} is in quarantine twice, first at {where}"
            reading.refuse(entry.nodes["test"], message, "keep one of them")
        elif test is not None:
            first[test] = entry


def _gate(entry: Entry, reading: Reading) -> Gate:
    lanes, strict = entry.values["lanes"], entry.values.get("strict", False)
    return Gate(entry.name, lanes, strict, reading.place(entry.name_node or entry.node))


def _service(entry: Entry, reading: Reading) -> Service:
    return Service(name=entry.name, place=reading.place(entry.name_node or entry.node), **entry.values)


def _check(entry: Entry, defaults: dict[str, Any], reading: Reading) -> Check:
    inherited = {key: defaults[key] for key in ("timeout", "test_timeout", "isolation") if key in defaults}
    values = inherited | entry.values
    if "env" in defaults:
        values["env"] = defaults["env"] | values.get("env", {})
    if "trials" in values:
        values["trials"] = _trials(values["trials"])
    place, run_place = reading.place(entry.node), reading.place(entry.nodes["run"])
    return Check(place=place, run_place=run_place, **values)


def _trials(entry: Entry) -> Trials:
    values = dict(entry.values)
    budget = values.pop("budget").values if "budget" in values else {}
    return Trials(**values, **{f"budget_{unit}": most for unit, most in budget.items()})


def _quarantine(entry: Entry, reading: Reading) -> Quarantine:
    return Quarantine(place=reading.place(entry.node), **entry.values)

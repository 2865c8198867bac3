"""The old form: a list of checks without lanes, bare or under `checks:`. It loads as it stands."""

from __future__ import annotations

from readiness.config.model import Check, Config
from readiness.config.new_form import default_gates
from readiness.config.references import refuse_duplicates
from readiness.config.sections import Entry, read_section, read_sections

TYPE_CHECKING = False
if TYPE_CHECKING:
    from readiness.config.nodes import Node
    from readiness.config.reading import Reading


def lane_of(name: str) -> str:
    """The lane that a check's name tells: `all_smokes_nd` is `nd`, `openai_live` is `live`, else `core`.

    A part of the name decides, not any two letters: `bandwidth` is no `nd`. `nd` wins over `live`.
    """
    parts = name.lower().replace("-", "_").split("_")
    return next((lane for lane in ("nd", "live") if lane in parts), "core")


def read_old_form(root: Node, reading: Reading, sha256: str) -> Config:
    """Raises ConfigError with every fault of the file."""
    checks = _entries(root, reading)
    refuse_duplicates(checks, "check", reading)
    reading.finish()
    return Config(
        path=reading.path,
        form=1,
        sha256=sha256,
        gates=default_gates(reading.path),
        services=(),
        checks=tuple(_check(entry, reading) for entry in checks),
    )


def _entries(root: Node, reading: Reading) -> list[Entry]:
    if root.id == "sequence":
        return read_sections("old_root", "checks", root, reading)
    entry = read_section("old_root", root, reading)
    return entry.values.get("checks", []) if isinstance(entry, Entry) else []


def _check(entry: Entry, reading: Reading) -> Check:
    return Check(
        lane=lane_of(entry.name),
        lane_from="name",
        place=reading.place(entry.node),
        run_place=reading.place(entry.nodes["run"]),
        **entry.values,
    )

"""A configuration that was read once, kept so that an unchanged file need not be parsed again.

Reading YAML, with the place of everything in it, takes more CPU than all the rest of starting the gate. The
snapshot holds the text that it was made from, so it can never answer for another.
"""

from __future__ import annotations

import json
import os

from readiness import __version__
from readiness.config.model import Check, Config, Gate, Place, Quarantine, Ready, Service, Trials
from readiness.config.source import decode, read_source, shown_as
from readiness.record.value import as_json
from readiness.record.write_aside import write_aside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

FOLDER: Final = ".readiness/cache"
NAME: Final = "configuration.json"


def load_again(path: str, root: str) -> Config:
    """The configuration at `path`, from the snapshot below `root` when it is of this content, else read and kept.

    A snapshot is kept only where an earlier run made the folder for it. Raises ConfigError.
    """
    shown = shown_as(path)
    key = f"{__version__} {shown}\n{decode(read_source(path, shown), shown)}"
    kept = os.path.join(root, FOLDER, NAME)
    config = _kept(kept, key)
    if config is None:
        from readiness.config.load import load

        config = load(path)
        _keep(kept, key, config)
    return config


def _kept(path: str, key: str) -> Config | None:
    """None when there is none, or none of this content; a broken one is as none, and is written anew."""
    try:
        with open(path, encoding="utf-8") as file:
            data = json.load(file)
        return from_json(data["config"]) if data["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _keep(path: str, key: str, config: Config) -> None:
    if not os.path.isdir(os.path.dirname(path)):
        return
    try:
        write_aside(path, json.dumps({"key": key, "config": as_json(config)}))
    except OSError:
        # The next run reads the file again, which is all that is lost.
        return


def from_json(data: dict[str, Any]) -> Config:
    """A configuration from what `as_json` made of it."""
    return Config(
        **data
        | {
            "gates": tuple(_gate(one) for one in data["gates"]),
            "services": tuple(_service(one) for one in data["services"]),
            "checks": tuple(_check(one) for one in data["checks"]),
            "quarantine": tuple(_quarantine(one) for one in data["quarantine"]),
        }
    )


def _gate(data: dict[str, Any]) -> Gate:
    return Gate(data["name"], tuple(data["lanes"]), data["strict"], Place(**data["place"]))


def _service(data: dict[str, Any]) -> Service:
    rebuilt = {
        "ready": Ready(**data["ready"]),
        "place": Place(**data["place"]),
        "needs": tuple(data["needs"]),
    }
    return Service(**data | rebuilt)


def _quarantine(data: dict[str, Any]) -> Quarantine:
    return Quarantine(**data | {"place": Place(**data["place"])})


def _check(data: dict[str, Any]) -> Check:
    rebuilt: dict[str, Any] = {
        "place": Place(**data["place"]),
        "run_place": Place(**data["run_place"]),
        "trials": Trials(**data["trials"]) if data["trials"] else None,
    }
    for name in ("inputs", "services", "needs", "locks", "requires_env", "capabilities"):
        rebuilt[name] = tuple(data[name])
    return Check(**data | rebuilt)

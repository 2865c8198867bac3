"""`readiness.yml` to Config: which form it has, and every fault of it at once."""

from __future__ import annotations

import hashlib

from readiness.config.fault import ConfigError, Fault
from readiness.config.fields import SECTIONS
from readiness.config.model import Place
from readiness.config.new_form import read_new_form
from readiness.config.nodes import parse
from readiness.config.old_form import read_old_form
from readiness.config.reading import TAG, Reading, found
from readiness.config.source import decode, read_source, shown_as

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.model import Config
    from readiness.config.nodes import Node

_ADVICE: Final = "write one with `readiness init`"


def load(path: str, shown: str = "") -> Config:
    """Read the configuration at `path`, absolute or relative to the working directory.

    Every place in it, and `Config.path`, calls the file `shown`; without it as `shown_as` says. Raises
    ConfigError with every fault found.
    """
    shown = shown or shown_as(path)
    data = read_source(path, shown)
    return parse_config(decode(data, shown), shown, hashlib.sha256(data).hexdigest())


def read_text(path: str, shown: str = "") -> str:
    """The text of the file at `path`, not yet judged. Raises ConfigError when it is no text."""
    shown = shown or shown_as(path)
    return decode(read_source(path, shown), shown)


def parse_config(text: str, path: str, sha256: str = "") -> Config:
    """The configuration that `text` says; `path` is what messages call it. Raises ConfigError."""
    root = parse(text, path)
    if root is None or (root.id == "scalar" and root.tag == TAG + "null"):
        raise ConfigError([Fault(Place(path, 1, 1), "the file is empty", _ADVICE)])
    reading = Reading(path)
    if root.id == "scalar":
        reading.refuse(
            root, f"the file must hold a mapping with `version` and `checks`, not {found(root)}", _ADVICE
        )
        reading.finish()
    if root.id == "mapping" and _is_new_form(root, reading):
        return read_new_form(root, reading, sha256)
    return read_old_form(root, reading, sha256)


def _is_new_form(root: Node, reading: Reading) -> bool:
    """By `version`, or by keys that the old form does not have. Raises ConfigError for an unknown version."""
    values = {key: value for key, _, value in reading.pairs(root)}
    if "version" not in values:
        return any(
            key in SECTIONS["root"] and key not in SECTIONS["old_root"] for key in values
        ) or _has_lanes(values)
    version = values["version"]
    if version.id != "scalar" or version.tag != TAG + "int" or version.value not in ("1", "2"):
        reading.refuse(
            version, f"`version` must be the number 1 or 2, not {found(version)}", "write version: 2"
        )
        reading.finish()
    return bool(version.value == "2")


def _has_lanes(values: dict[str, Node]) -> bool:
    checks = values.get("checks")
    entries = checks.value if checks is not None and checks.id == "sequence" else ()
    keys = (key.value for entry in entries if entry.id == "mapping" for key, _ in entry.value)
    return "lane" in keys

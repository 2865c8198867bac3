"""The faults found so far in one file, and how its nodes are looked at."""

from __future__ import annotations

from readiness.config.fault import ConfigError, Fault
from readiness.config.nearest import suggestion
from readiness.config.nodes import place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Final

    from readiness.config.model import Place
    from readiness.config.nodes import Node

TAG: Final = "tag:yaml.org,2002:"
MOST_FAULTS: Final = 200
"""More are not collected: nobody reads them, and a wrong file would give one a line."""


class Broken:
    """Stands for a value that could not be read; its fault is recorded."""


BROKEN: Final = Broken()


class Reading:
    """One pass over one file. `path` is what messages call it."""

    def __init__(self, path: str) -> None:
        self.path = path
        # A dict keeps the order and drops what an alias shows twice.
        self._faults: dict[Fault, None] = {}

    @property
    def full(self) -> bool:
        """True once more faults were found than are kept."""
        return len(self._faults) > MOST_FAULTS

    def place(self, node: Node) -> Place:
        return place_of(node, self.path)

    def refuse(self, node: Node, message: str, advice: str = "") -> Broken:
        """Record a fault at a node."""
        if not self.full:
            self._faults[Fault(self.place(node), message, advice)] = None
        return BROKEN

    def refuse_unknown(self, node: Node, what: str, name: str, known: Iterable[str]) -> Broken:
        """Record a name that is not known, with the nearest that are. `what` begins the message."""
        return BROKEN if self.full else self.refuse(node, f"{what} {quoted(name)}", suggestion(name, known))

    def finish(self) -> None:
        """Raise ConfigError with every fault, if there is one."""
        if not self._faults:
            return
        faults = sorted(self._faults, key=lambda fault: (fault.place.line, fault.place.column))[:MOST_FAULTS]
        if self.full:
            message = f"there are more than {MOST_FAULTS} faults"
            faults.append(Fault(faults[-1].place, message, "correct those shown first"))
        raise ConfigError(faults)

    def pairs(self, node: Node) -> list[tuple[str, Node, Node]]:
        """Key, key node and value node of a mapping, `<<` merged in: its own keys win, then the first merged.

        A key given twice is a fault (YAML forbids it, PyYAML takes the last); so is a key that is no text.
        """
        own: dict[str, tuple[str, Node, Node]] = {}
        merged: list[tuple[str, Node, Node]] = []
        for key_node, value in node.value:
            if key_node.tag == TAG + "merge":
                merged += self._merged(value)
            elif key_node.id != "scalar" or not key_node.tag.startswith(TAG):
                self.refuse(key_node, "a key must be plain text", "write it as one word")
            elif key_node.value in own:
                first = self.place(own[key_node.value][1])
                message = f"the key {quoted(key_node.value)} is given twice, first at {first}"
                self.refuse(key_node, message, "keep one of them")
            else:
                own[key_node.value] = (key_node.value, key_node, value)
        for pair in merged:
            own.setdefault(pair[0], pair)
        return list(own.values())

    def _merged(self, value: Node) -> list[tuple[str, Node, Node]]:
        """What `<<` brings in: one mapping, or a list of them."""
        sources = value.value if value.id == "sequence" else [value]
        pairs: list[tuple[str, Node, Node]] = []
        for source in sources:
            if source.id == "mapping":
                pairs += self.pairs(source)
            else:
                self.refuse(source, "<< must name a mapping, or a list of mappings", "write <<: *anchor")
        return pairs


def quoted(text: str) -> str:
    """Text as messages show it: on one line, at most 60 characters, in double quotes."""
    short = text if len(text) <= 60 else text[:57] + "…"
    return f'"{short}"' if short.isprintable() else f'"{short.encode("unicode_escape").decode("ascii")}"'


_FOUND: Final = {
    "str": "{}",
    "int": "the number {}",
    "float": "the number {}",
    "bool": "the truth value {}",
    "timestamp": "the date {}",
    "null": "nothing",
    "seq": "a list",
    "map": "a mapping",
}


def is_plain(node: Node) -> bool:
    """True for a value without a tag of its own (`!name`), or with one that YAML gives it anyway."""
    return node.tag.removeprefix(TAG) in _FOUND


def found(node: Node) -> str:
    """What a node is, for a message that says what was expected instead."""
    if not is_plain(node):
        return f"a value with the tag {quoted(node.tag)}"
    known = _FOUND[node.tag.removeprefix(TAG)]
    return known.format(quoted(node.value)) if node.id == "scalar" else known

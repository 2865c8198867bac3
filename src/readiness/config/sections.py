"""Reading a mapping of the file against its table of fields: unknown keys, missing keys, each value."""

from __future__ import annotations

from readiness.config.fields import SECTIONS, TITLES
from readiness.config.model import Ready
from readiness.config.reading import BROKEN, TAG, Broken, found, quoted
from readiness.config.values import READERS, check_pattern, is_tcp, is_url
from readiness.config.words import is_name, refuse_name, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from readiness.config.fields import Field
    from readiness.config.nodes import Node
    from readiness.config.reading import Reading


class Entry:
    """One mapping of the file as read. `values` holds what was sound, `nodes` the node of every known key.

    `name_node` is where the name stands: a key of the mapping above, or the value of `name`.
    """

    __slots__ = ("name", "name_node", "node", "nodes", "section", "values")

    def __init__(self, section: str, node: Node, name_node: Node | None = None) -> None:
        self.section = section
        self.node = node
        self.name = ""
        self.name_node = name_node
        self.values: dict[str, Any] = {}
        self.nodes: dict[str, Node] = {}


def read_section(section: str, node: Node, reading: Reading, name_node: Node | None = None) -> Entry | Broken:
    """Read one mapping. A fault in one key leaves the others to be read."""
    if node.id != "mapping" or node.tag != TAG + "map":
        advice = "write key: value lines below it"
        return reading.refuse(node, f"{TITLES[section]} must be a mapping, not {found(node)}", advice)
    entry = Entry(section, node, name_node)
    known = SECTIONS[section]
    for key, key_node, value_node in reading.pairs(node):
        if key in known:
            entry.nodes[key] = value_node
            _read_value(known[key], value_node, entry, reading)
        else:
            _refuse_key(section, key, key_node, reading)
    _take_name(entry)
    _refuse_missing(entry, reading)
    return entry


def read_sections(section: str, key: str, node: Node, reading: Reading) -> list[Entry]:
    """Read a list that stands at the root as if it stood under `key` of `section`."""
    entries = _read_entries(SECTIONS[section][key], node, reading)
    return [] if isinstance(entries, Broken) else entries


def _read_value(field: Field, node: Node, entry: Entry, reading: Reading) -> None:
    if node.id == "scalar" and node.tag == TAG + "null":
        reading.refuse(node, f"`{field.name}` has no value", "give it one, or remove the key")
        return
    value = (READERS.get(field.kind) or NESTED[field.kind])(field, node, reading)
    if value is not BROKEN:
        entry.values[field.name] = value


def _refuse_key(section: str, key: str, node: Node, reading: Reading) -> None:
    newer = SECTIONS.get(section.removeprefix("old_"), {})
    if section.startswith("old_") and key in newer:
        message = f"the key {quoted(key)} belongs to the new form"
        reading.refuse(node, message, "begin the file with `version: 2`, its list under `checks:`, to use it")
    else:
        reading.refuse_unknown(node, f"{TITLES[section]} has no key", key, SECTIONS[section])


def _take_name(entry: Entry) -> None:
    if "name" in entry.nodes:
        entry.name_node = entry.nodes["name"]
    if entry.name_node is not None and entry.name_node.id == "scalar":
        entry.name = entry.name_node.value


def _refuse_missing(entry: Entry, reading: Reading) -> None:
    title = TITLES[entry.section]
    what = f"{title.removeprefix('a ')} {quoted(entry.name)}" if entry.name else title
    for field in SECTIONS[entry.section].values():
        if field.required and field.name not in entry.nodes:
            reading.refuse(entry.node, f"{what} has no `{field.name}`", _advice_to_add(field))


def _advice_to_add(field: Field) -> str:
    choices = f", one of {', '.join(field.choices)}" if field.choices else ""
    return f"add `{field.name}: {field.default or '…'}`{choices}"


def _read_version(_field: Field, node: Node, _reading: Reading) -> int:
    """Already judged: it decided how the file is read."""
    return int(node.value)


def _read_nested(field: Field, node: Node, reading: Reading) -> Entry | Broken:
    return read_section(field.section, node, reading)


def _read_entries(field: Field, node: Node, reading: Reading) -> list[Entry] | Broken:
    if node.id != "sequence" or node.tag != TAG + "seq":
        return wrong(field, node, reading)
    if len(node.value) < (field.least or 0):
        return reading.refuse(
            node, f"`{field.name}` is empty", "add an entry: a gate that runs nothing is never READY"
        )
    entries = [read_section(field.section, item, reading) for item in node.value]
    return [entry for entry in entries if isinstance(entry, Entry)]


def _read_named(field: Field, node: Node, reading: Reading) -> list[Entry] | Broken:
    if node.id != "mapping" or node.tag != TAG + "map":
        return wrong(field, node, reading)
    pairs = reading.pairs(node)
    if len(pairs) < (field.least or 0):
        return reading.refuse(
            node, f"`{field.name}` is empty", "add an entry, or remove the key for the default ones"
        )
    entries = []
    for name, name_node, value in pairs:
        if not is_name(name):
            refuse_name(f"the name of {TITLES[field.section]}", name_node, reading)
        entry = read_section(field.section, value, reading, name_node)
        if isinstance(entry, Entry):
            entries.append(entry)
    return entries


def _read_ready(field: Field, node: Node, reading: Reading) -> Ready | Broken:
    """Text with a scheme, or a mapping with one key."""
    if node.id == "mapping":
        return _ready_of_mapping(node, reading)
    text: str = node.value if node.id == "scalar" and node.tag == TAG + "str" else ""
    if is_url(text):
        return Ready("url", text)
    if text.startswith("tcp://") and is_tcp(text.removeprefix("tcp://")):
        return Ready("tcp", text.removeprefix("tcp://"))
    if text.startswith("log:/") and text.endswith("/") and len(text) > len("log://"):
        pattern = check_pattern(text[len("log:/") : -1], node, reading)
        return pattern if isinstance(pattern, Broken) else Ready("log", pattern)
    return wrong(field, node, reading)


def _ready_of_mapping(node: Node, reading: Reading) -> Ready | Broken:
    entry = read_section("ready", node, reading)
    if isinstance(entry, Broken):
        return entry
    if len(entry.nodes) != 1:
        kinds = ", ".join(SECTIONS["ready"])
        return reading.refuse(
            node, f"`ready` must have one key, not {len(entry.nodes)}", f"write one of {kinds}"
        )
    return next((Ready(kind, target) for kind, target in entry.values.items()), BROKEN)


NESTED: dict[str, Callable[[Field, Node, Reading], object]] = {
    "version": _read_version,
    "section": _read_nested,
    "sections": _read_entries,
    "named_sections": _read_named,
    "ready": _read_ready,
}
"""The reader of each kind that holds keys of ours."""

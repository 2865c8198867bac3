"""Values that are numbers: counts, rates, times. The readers' contract is that of words.py."""

from __future__ import annotations

from readiness.config.reading import TAG, Broken, quoted
from readiness.config.words import DIGITS, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

    from readiness.config.fields import Field
    from readiness.config.nodes import Node
    from readiness.config.reading import Reading

_IN_NUMBER: Final = DIGITS | frozenset("+-.eE")
_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}


def read_count(field: Field, node: Node, reading: Reading) -> int | Broken:
    if node.id != "scalar" or node.tag != TAG + "int":
        return wrong(field, node, reading)
    number = _number(field, node, reading)
    return number if isinstance(number, Broken) else int(number)


def read_number(field: Field, node: Node, reading: Reading) -> float | Broken:
    if node.id != "scalar" or node.tag not in (TAG + "int", TAG + "float"):
        return wrong(field, node, reading)
    return _number(field, node, reading)


def read_seconds(field: Field, node: Node, reading: Reading) -> float | Broken:
    """A number of seconds, or digits and a unit."""
    if node.id != "scalar" or node.tag != TAG + "str":
        return read_number(field, node, reading)
    amount, unit = node.value[:-1], _UNITS.get(node.value[-1:])
    whole, point, part = amount.partition(".")
    plain = bool(whole) and set(whole + part) <= DIGITS and bool(point) == bool(part)
    if unit is None or not plain or len(amount) > 20:
        return wrong(field, node, reading)
    return _bounded(field, float(amount) * unit, node, reading)


def read_seconds_or_none(field: Field, node: Node, reading: Reading) -> float | Broken | None:
    return None if node.id == "scalar" and node.value == "none" else read_seconds(field, node, reading)


def bounds(field: Field) -> str:
    """The range of a number, in words: `above 0 and at most 604800`."""
    limits = (
        ("above", field.above),
        ("at least", field.least),
        ("below", field.below),
        ("at most", field.most),
    )
    inside = " and ".join(f"{word} {limit:.12g}" for word, limit in limits if limit is not None)
    return inside + ", or none" if field.kind == "seconds_or_none" else inside


def _number(field: Field, node: Node, reading: Reading) -> float | Broken:
    """A number in plain decimal. YAML 1.1 reads 010 as 8 and 1:30 as 90; YAML 1.2 does not."""
    text: str = node.value
    digits = text.lstrip("+-")
    plain = digits.isdecimal() or node.tag == TAG + "float"
    octal = len(digits) > 1 and digits[0] == "0" and digits[1] in DIGITS
    try:
        number = float(text) if plain and not octal and set(text) <= _IN_NUMBER else None
    except ValueError:
        number = None
    if number is None:
        message = f"`{field.name}` is not a plain decimal number: {quoted(text)}"
        return reading.refuse(node, message, f"write it in digits, {bounds(field)}")
    return _bounded(field, number, node, reading)


def _bounded(field: Field, number: float, node: Node, reading: Reading) -> float | Broken:
    inside = (
        (field.above is None or number > field.above)
        and (field.least is None or number >= field.least)
        and (field.below is None or number < field.below)
        and (field.most is None or number <= field.most)
    )
    if inside:
        return number
    message = f"`{field.name}` is out of range: {quoted(node.value)}"
    return reading.refuse(node, message, f"write a value {bounds(field)}")

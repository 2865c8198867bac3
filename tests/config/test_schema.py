from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from readiness.config.fault import ConfigError, Fault
from readiness.config.fields import SECTIONS
from readiness.config.load import parse_config
from readiness.config.schema import schema

DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
VALIDATOR = jsonschema.Draft202012Validator(schema())

NEW: dict[str, Any] = {
    "version": 2,
    "defaults": {"timeout": "90s", "test_timeout": 10, "python": "bin/python", "env": {"A": 1}, "isolation": "strict"},
    "gates": {"dev": {"lanes": ["core"]}, "night": {"lanes": ["nd", "live"], "strict": True}},
    "services": {
        "model": {"run": "serve {port}", "ready": "tcp://a:{port}", "stand_in": True, "cwd": "sub", "timeout": "2m"},
        "agent": {"run": "x", "ready": {"log": "up"}, "needs": ["model"], "env": {"B": "x"}, "stop_timeout": 1.5},
    },
    "checks": [
        {"name": "first", "lane": "core", "run": "pytest"},
        {
            "name": "second",
            "lane": "nd",
            "run": "pytest a",
            "description": "d",
            "env": {"B": True, "C": 1.5},
            "cwd": "sub",
            "python": "p",
            "timeout": "none",
            "test_timeout": 1,
            "optional": True,
            "inputs": ["src/**"],
            "cache": False,
            "services": ["agent"],
            "needs": ["first"],
            "locks": ["gpu"],
            "exclusive": True,
            "cores": 2,
            "isolation": "off",
            "requires_env": ["TOKEN"],
            "provider": "openai",
            "trials": {
                "good": 0.95,
                "bad": 0.8,
                "alpha": 0.01,
                "beta": 0.1,
                "budget": {"trials": 1, "seconds": "5s", "tokens": 5, "calls": 6, "cost": 0.5},
            },
        },
    ],
    "quarantine": [{"test": "a.py::b", "owner": "ada", "expires": "2027-01-31", "reason": "r"}],
}  # fmt: skip
OLD = {
    "version": 1,
    "checks": [
        {"name": "a_nd", "run": "x", "description": "d", "env": {"A": 1}, "optional": True, "timeout": 5},
        {"name": "b", "run": "y"},
    ],
}
VALUES = [
    None, True, 0, -1, 3, 1.5, 1e12, "", " ", "x", "none", "90s", "0x", "../x", "/x", "a b", "core", "http://a",
    "tcp://a:1", "log:/x/", "https://", [], [1], ["a", "a"], ["core"], ["../x"], {}, {"A": 1}, {"1": "x"},
    {"A": None}, {"url": "http://a"}, {"url": "http://a", "tcp": "a:1"}, {"x": {}}, [{}], [[]],
]  # fmt: skip
BEYOND_A_SCHEMA = (
    "names an unknown", "needs itself", "is used twice", "in case alone", "must be above", "regular expression",
)  # fmt: skip

Path = tuple[str | int, ...]


def paths(data: Any, above: Path = ()) -> list[Path]:
    """The way to every value below `data`."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path for key, value in items for path in ((*above, key), *paths(value, (*above, key)))]


def parent_of(data: Any, path: Path) -> Any:
    for key in path[:-1]:
        data = data[key]
    return data


def lines_of(text: str, path: Path) -> range:
    """The lines, from 1, of the value at `path`, its key among them."""
    node = yaml.compose(text)
    first = node.start_mark.line
    for key in path:
        if isinstance(key, int):
            node = node.value[key]
            first = node.start_mark.line
        else:
            name, node = next(pair for pair in node.value if pair[0].value == key)
            first = name.start_mark.line
    return range(first + 1, node.end_mark.line + 2)


def faults_of(text: str) -> tuple[Fault, ...]:
    try:
        parse_config(text, "f")
    except ConfigError as error:
        return error.faults
    return ()


def assert_they_agree(data: Any, where: Path) -> None:
    """A schema's no is a no of the loader, there; and the loader's no is the schema's, or beyond a schema."""
    text = yaml.dump(data, Dumper=DUMPER, sort_keys=False)
    faults = faults_of(text)
    if not VALIDATOR.is_valid(data):
        lines = lines_of(text, where)
        assert any(fault.place.line in lines for fault in faults), (text, faults)
    elif faults:
        assert all(any(words in fault.message for words in BEYOND_A_SCHEMA) for fault in faults), (
            text,
            faults,
        )


def test_it_is_a_schema_and_is_json() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert json.loads(json.dumps(schema())) == schema()


def test_every_key_is_described_and_no_other_allowed() -> None:
    for name, fields in SECTIONS.items():
        made = schema()["$defs"][name]
        assert made["additionalProperties"] is False
        assert list(made["properties"]) == list(fields)
        assert made["required"] == [field.name for field in fields.values() if field.required]
        for key, field in fields.items():
            assert made["properties"][key]["description"] == field.doc


def test_defaults_and_choices_are_those_of_the_table() -> None:
    check = schema()["$defs"]["check"]["properties"]
    assert check["timeout"]["default"] == 600
    assert check["cache"]["default"] is True
    assert check["lane"]["enum"] == ["core", "nd", "live"]
    assert "default" not in check["name"]
    for section in schema()["$defs"].values():
        for key, made in section["properties"].items():
            if "default" in made and key != "version":
                jsonschema.Draft202012Validator(made).validate(made["default"])


@pytest.mark.parametrize("data", [NEW, OLD, OLD["checks"], {"checks": OLD["checks"]}])
def test_what_loads_is_valid(data: Any) -> None:
    VALIDATOR.validate(data)
    assert faults_of(yaml.safe_dump(data)) == ()


@pytest.mark.parametrize(
    "data", ["text", 3, None, [], {}, {"version": 2}, {"version": 3, "checks": OLD["checks"]}]
)
def test_what_is_no_configuration_is_neither_valid_nor_loaded(data: Any) -> None:
    assert not VALIDATOR.is_valid(data)
    assert faults_of(yaml.safe_dump(data))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("checks", 1, "locks"), ["a", "a"]),
        (("checks", 1, "inputs"), ["../x"]),
        (("checks", 1, "requires_env"), ["A-B"]),
        (("checks", 1, "cores"), 1025),
        (("checks", 1, "timeout"), 604801),
        (("checks", 1, "timeout"), "90"),
        (("checks", 1, "name"), "-a"),
        (("checks", 1, "run"), " \n"),
        (("checks", 1, "lane"), "smoke"),
        (("checks", 1, "trials", "good"), 1),
        (("checks", 1, "trials", "alpha"), 0.5),
        (("checks", 1, "env", "C"), None),
        (("checks",), []),
        (("gates",), {}),
        (("gates", "dev", "lanes"), []),
        (("gates", "dev", "lanes"), "core"),
        (("services", "agent", "ready"), {"log": "up", "command": "x"}),
        (("services", "agent", "ready"), "gopher://a"),
        (("services", "agent", "timeout"), "none"),
        (("services", "a b"), {"run": "x", "ready": "tcp://a:1"}),
        (("defaults", "env", "A B"), "x"),
    ],
    ids=str,
)
def test_the_schema_refuses_by_itself(path: Path, value: Any) -> None:
    data = deepcopy(NEW)
    parent_of(data, path)[path[-1]] = value
    assert not VALIDATOR.is_valid(data)
    assert_they_agree(data, path)


@pytest.mark.parametrize("path", paths(NEW), ids=lambda path: ".".join(map(str, path)))
def test_no_key_can_be_removed_or_misspelt_by_the_one_and_not_the_other(path: Path) -> None:
    without = deepcopy(NEW)
    del parent_of(without, path)[path[-1]]
    if parent_of(without, path):
        assert_they_agree(without, path[:-1])
    if isinstance(path[-1], str):
        misspelt = deepcopy(NEW)
        parent = parent_of(misspelt, path)
        parent[f"{path[-1]} "] = parent.pop(path[-1])
        assert_they_agree(misspelt, path[:-1])


@given(st.data())
def test_no_value_is_refused_by_the_schema_and_loaded(data: st.DataObject) -> None:
    mutated = deepcopy(NEW)
    path = data.draw(st.sampled_from(paths(mutated)))
    parent_of(mutated, path)[path[-1]] = deepcopy(data.draw(st.sampled_from(VALUES)))
    assert_they_agree(mutated, path)


@given(st.data())
def test_no_value_of_the_old_form_is_refused_by_the_schema_and_loaded(data: st.DataObject) -> None:
    mutated = deepcopy(OLD)
    path = data.draw(st.sampled_from([path for path in paths(mutated) if path != ("version",)]))
    parent_of(mutated, path)[path[-1]] = deepcopy(data.draw(st.sampled_from(VALUES)))
    assert_they_agree(mutated, path)

"""Faults as the lines a user sees, and a small file to put values into."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.config.fault import ConfigError
from readiness.config.load import parse_config


@pytest.fixture
def faults_of() -> Callable[[str], list[str]]:
    """`line:column: message; advice` of every fault in a text; an empty list when it loads."""

    def faults_of(text: str) -> list[str]:
        try:
            parse_config(text, "f")
        except ConfigError as error:
            return [str(fault).removeprefix("f:") for fault in error.faults]
        return []

    return faults_of


@pytest.fixture
def check_with() -> Callable[[str], str]:
    """A file of the new form whose one check also holds `extra`, on line 6 from column 5 on."""

    def check_with(extra: str) -> str:
        return f"version: 2\nchecks:\n  - name: a\n    lane: nd\n    run: x\n    {extra}\n"

    return check_with


@pytest.fixture
def service_with() -> Callable[[str], str]:
    """A file of the new form whose one service also holds `extra`, on line 5 from column 5 on."""

    def service_with(extra: str) -> str:
        head = "version: 2\nservices:\n  s:\n    run: serve\n"
        return f"{head}    {extra}\nchecks: [{{name: a, lane: core, run: x}}]\n"

    return service_with

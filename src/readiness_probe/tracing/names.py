"""What a person calls a fixture."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_OF_PYTEST = re.compile(
    r"^_?(?:unittest|xunit)_(?P<method>setUpClass|setUp|setup_class|setup_module|setup_function|setup_method)_fixture"
)


def fixture_name(definition: Any) -> str:
    """Where it is visible and its name; `setUpClass`, `setup_module` and their like by those names."""
    match = _OF_PYTEST.match(definition.argname)
    name = match["method"] if match else definition.argname
    return f"{definition.baseid}::{name}" if definition.baseid else name

from __future__ import annotations

import pytest

from mini_agent.limits import Limits
from mini_agent.loop.agent import RunOptions


def test_the_defaults_are_those_of_the_contract():
    options = RunOptions("m")
    assert options.limits == Limits()
    assert (options.enable_repair, options.tool_mode, options.use_tools) == (True, "auto", True)
    assert (options.limits.max_iterations, options.limits.tool_timeout) == (3, 10.0)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("max_history_characters", -1, "max_history_characters must not be negative, is -1"),
        ("max_tokens", 0, "max_tokens must be at least 1, is 0"),
    ],
)
def test_what_makes_no_sense_is_refused(name, value, said):
    with pytest.raises(ValueError, match=said):
        RunOptions("m", **{name: value})

from __future__ import annotations

import pytest

from mini_agent.limits import Limits
from mini_agent.loop.agent import RunOptions


def test_the_defaults_are_those_of_the_contract():
    options = RunOptions("m")
    assert options.limits == Limits()
    assert (options.enable_repair, options.tool_mode, options.use_tools) == (True, "auto", True)
    assert (options.limits.max_iterations, options.limits.tool_timeout) == (3, 10.0)


def test_a_size_below_nothing_is_refused():
    with pytest.raises(ValueError, match="max_history_characters must not be negative, is -1"):
        RunOptions("m", max_history_characters=-1)

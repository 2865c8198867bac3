from __future__ import annotations

import pytest

from mini_agent.sandbox.bounds import MEBIBYTE
from mini_agent.tools.local.command import DEFAULT_PROGRAMS
from mini_agent.tools.local.settings import LocalSettings


def test_nothing_set_gives_the_defaults():
    settings = LocalSettings.from_environment({"OTHER": "x"})
    assert settings == LocalSettings()
    assert settings.programs == DEFAULT_PROGRAMS


def test_everything_set():
    settings = LocalSettings.from_environment(
        {
            "MINI_AGENT_LOCAL_PROGRAMS": "ls, cat,",
            "MINI_AGENT_LOCAL_PYTHON": "/usr/bin/python3",
            "MINI_AGENT_LOCAL_READABLE": "/data:/models",
            "MINI_AGENT_LOCAL_MEMORY_MB": "1000",
        }
    )
    assert settings.programs == ("ls", "cat")
    assert (settings.python, settings.readable) == ("/usr/bin/python3", ("/data", "/models"))
    assert settings.bounds.memory == 1000 * MEBIBYTE
    assert settings.bounds.address_space == 1500 * MEBIBYTE


def test_an_empty_list_of_programs_takes_the_shell_away():
    assert LocalSettings.from_environment({"MINI_AGENT_LOCAL_PROGRAMS": ""}).programs == ()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("MINI_AGENT_LOCAL_PROGRAMS", "ls,/bin/sh", "'/bin/sh' is no name of a program"),
        ("MINI_AGENT_LOCAL_PYTHON", "python3", "'python3' is no absolute path"),
        ("MINI_AGENT_LOCAL_READABLE", "/data:here", "'here' is no absolute path"),
        ("MINI_AGENT_LOCAL_MEMORY_MB", "12", "at least 64"),
        ("MINI_AGENT_LOCAL_MEMORY_MB", "much", "at least 64"),
        ("MINI_AGENT_LOCAL_MEMORY_MB", "\u0661\u0662\u0663", "at least 64"),
    ],
)
def test_what_makes_no_sense_names_its_variable(name: str, value: str, why: str):
    with pytest.raises(ValueError, match=why) as refusal:
        LocalSettings.from_environment({name: value})
    assert name in str(refusal.value)

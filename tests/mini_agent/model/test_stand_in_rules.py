from __future__ import annotations

import pytest

from mini_agent.model.base_url import SettingsError
from mini_agent.model.stand_in_rules import StandInRules

read = StandInRules.from_environment


def test_off_unless_switched_on():
    assert read({}) == StandInRules("", False, "")


@pytest.mark.parametrize("word", ["1", "true", "YES", " on "])
def test_switched_on(word):
    assert read({"MINI_AGENT_ALLOW_DUMMY": word}).allow_dummy


@pytest.mark.parametrize(
    "environ", [{"MINI_AGENT_ALLOW_DUMMY": "maybe"}, {"MINI_AGENT_OPENAI_SHIM_MODE": "ecco"}]
)
def test_neither_on_nor_off(environ):
    with pytest.raises(SettingsError, match=next(iter(environ))):
        read(environ)


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"MINI_AGENT_OPENAI_SHIM_MODE": "block"}, "block"),
        ({"READINESS_LANE": "nd"}, "lane nd"),
        ({"READINESS_LANE": "LIVE"}, "lane live"),
        ({"ND_REAL": "1"}, "lane nd"),
        ({"READINESS_LIVE": "1"}, "lane live"),
        ({"READINESS_LIVE": "openai"}, "lane live"),
    ],
)
def test_where_no_stand_in_may_answer(environ, said):
    assert said in read({"MINI_AGENT_ALLOW_DUMMY": "1", **environ}).refusal


@pytest.mark.parametrize("environ", [{}, {"ND_REAL": "0"}, {"READINESS_LANE": "core", "ND_REAL": "1"}])
def test_where_one_may(environ):
    assert read(environ).refusal == ""

"""Flags over environment over file, and every switch has an effect."""

from __future__ import annotations

import pytest

from readiness.gate.settings import Flags, UsageError, resolve


@pytest.fixture
def config(make_check, make_config):
    return make_config(
        make_check("unit"),
        make_check("model", "nd"),
        make_check("openai", "live", provider="openai"),
        make_check("anthropic", "live", provider="anthropic"),
    )


def test_the_gate_decides_lanes_and_strictness(config):
    settings = resolve(Flags(gate="deploy"), {}, config)
    assert settings.lanes == ("core", "nd")
    assert settings.strict is True


def test_without_a_word_it_is_the_dev_gate(config):
    settings = resolve(Flags(), {}, config)
    assert (settings.gate, settings.lanes, settings.strict) == ("dev", ("core",), False)


def test_a_flag_wins_over_the_environment_which_wins_over_the_file(config):
    assert resolve(Flags(gate="deploy"), {"STRICT_READY": "0"}, config).strict is False
    assert resolve(Flags(gate="deploy", strict=True), {"STRICT_READY": "0"}, config).strict is True


@pytest.mark.parametrize(
    ("environ", "lanes"),
    [
        ({"ND_REAL": "1"}, ("core", "nd")),
        ({"READINESS_LIVE": "1"}, ("core", "live")),
        ({"LIVE_PROVIDERS": "openai"}, ("core", "live")),
        ({"ND_REAL": "yes", "READINESS_LIVE": "on"}, ("core", "nd", "live")),
        ({"ND_REAL": "0", "READINESS_LIVE": "", "LIVE_PROVIDERS": "0"}, ("core",)),
    ],
)
def test_switches_of_the_old_gate_open_lanes(config, environ, lanes):
    assert resolve(Flags(), environ, config).lanes == lanes


def test_each_switch_that_was_read_is_on_record_with_its_source(config):
    settings = resolve(Flags(), {"STRICT_READY": "1", "UNRELATED": "1"}, config)
    seen = {switch.name: (switch.value, switch.source) for switch in settings.switches}
    assert seen["STRICT_READY"] == ("1", "environment")
    assert "UNRELATED" not in seen


def test_expected_names_are_taken_exactly(config):
    assert resolve(Flags(), {"READINESS_EXPECT": "unit,model"}, config).expect == ("unit", "model")
    with pytest.raises(UsageError, match=r"'Unit'.*did you mean unit"):
        resolve(Flags(), {"READINESS_EXPECT": "Unit"}, config)


@pytest.mark.parametrize(
    ("flags", "environ", "words"),
    [
        (Flags(gate="deplyo"), {}, ["gate", "deplyo", "deploy"]),
        (Flags(lanes=("cor",)), {}, ["lane", "cor", "core"]),
        (Flags(checks=("unitt",)), {}, ["check", "unitt", "unit"]),
        (Flags(), {"LIVE_PROVIDERS": "opnai"}, ["provider", "opnai", "openai"]),
        (Flags(), {"STRICT_READY": "maybe"}, ["STRICT_READY", "maybe"]),
        (Flags(), {"READINESS_EXPECT": " , "}, ["READINESS_EXPECT", "names no check"]),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_nearest(config, flags, environ, words):
    with pytest.raises(UsageError) as caught:
        resolve(flags, environ, config)
    assert all(word in str(caught.value) for word in words)

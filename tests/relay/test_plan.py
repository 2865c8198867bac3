from __future__ import annotations

import json

import pytest

from readiness.relay.plan import PlanError, Route, Upstream, base_fault, load_plan, read_plan

TOKEN = "token-0123456789abc"
PLAN = {
    "upstreams": {"m": {"kind": "openai", "base": "http://127.0.0.1:8080/v1/", "model": {"name": "x"}}},
    "routes": {TOKEN: {"check": "smokes", "lane": "nd", "upstream": "m"}},
}


def test_a_plan_is_read():
    plan = read_plan(PLAN)
    assert plan.upstreams["m"] == Upstream("m", "openai", "http://127.0.0.1:8080/v1", {"name": "x"}, False)
    assert plan.routes[TOKEN] == Route(TOKEN, "smokes", "nd", "m", "pass", None)
    assert plan.deadline_seconds == 600


def test_every_fault_is_told_at_once_and_no_token(tmp_path):
    bad = {
        "upstreams": {
            "m": {"kind": "grpc", "base": "ftp://h"},
            "n": {"kind": "other", "base": "http://h", "model": 3},
        },
        "routes": {
            "short": {"check": "", "lane": "all", "upstream": "x", "mode": "watch"},
            TOKEN: {"check": "c", "lane": "core", "upstream": "m", "mode": "replay"},
        },
        "deadline_seconds": True,
    }
    (tmp_path / "plan.json").write_text(json.dumps(bad))
    with pytest.raises(PlanError) as caught:
        load_plan(str(tmp_path / "plan.json"))
    message = str(caught.value)
    for part in ("plan.json", "`kind`", "`base`", "`model`", "its token", "`check`", "`lane`", "`upstream` 'x'", "`mode`",
                 "mode replay needs a `cassette`", "`deadline_seconds`"):  # fmt: skip
        assert part in message
    assert TOKEN not in message
    assert "short" not in message


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"upstreams": {}}', '{"upstreams": {"a": 1}, "routes": {}}']
)
def test_what_is_no_plan_is_refused(tmp_path, text):
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(PlanError, match=r"plan\.json"):
        load_plan(str(tmp_path / "plan.json"))
    with pytest.raises(PlanError, match="cannot be read"):
        load_plan(str(tmp_path / "missing.json"))


@pytest.mark.parametrize(
    "base",
    [None, "", "localhost:80", "http://", "http://u:p@h", "http://h?q", "http://h#f", "http://h:x", "http://h\r\nX", "http://h/ a", "file:///x", "http://h\\x"],
)  # fmt: skip
def test_a_base_that_is_no_plain_address(base):
    assert base_fault(base)


@pytest.mark.parametrize("base", ["http://127.0.0.1:1", "https://api.example/v1", "http://[::1]:8/x"])
def test_a_plain_base(base):
    assert base_fault(base) == ""

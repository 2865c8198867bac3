"""Settings from the environment: what is wrong is said with the name of the variable, and no secret is shown."""

from __future__ import annotations

import pytest

from mini_agent.settings import Settings


def test_nothing_set_is_a_service_for_this_machine():
    settings = Settings.from_environment({})
    assert (settings.host, settings.port, settings.token, settings.trace_path) == ("127.0.0.1", 8788, "", "")
    settings.check_exposure()


def test_options_win_over_the_environment(tmp_path):
    file = tmp_path / "token"
    file.write_text("from-file\n")
    environ = {"MINI_AGENT_HOST": "10.0.0.1", "MINI_AGENT_PORT": "80"}
    settings = Settings.from_environment(environ, host="::1", port="0", token_file=str(file))
    assert (settings.host, settings.port, settings.token) == ("::1", 0, "from-file")
    assert Settings.from_environment(environ).host == "10.0.0.1"
    assert Settings.from_environment({"MINI_AGENT_API_PORT": "81"}).port == 81


def test_limits():
    environ = {"MINI_AGENT_CONCURRENCY": "3", "MINI_AGENT_QUEUE": "0", "MINI_AGENT_STOP_SECONDS": "1.5"}
    limits = Settings.from_environment(environ).limits
    assert (limits.concurrency, limits.queue, limits.stop_seconds, limits.run_seconds) == (3, 0, 1.5, 600.0)


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({"MINI_AGENT_PORT": "65536"}, "port"),
        ({"MINI_AGENT_PORT": "http"}, "port"),
        ({"MINI_AGENT_CONCURRENCY": "0"}, "MINI_AGENT_CONCURRENCY"),
        ({"MINI_AGENT_CONCURRENCY": "2.5"}, "MINI_AGENT_CONCURRENCY"),
        ({"MINI_AGENT_STOP_SECONDS": "nan"}, "MINI_AGENT_STOP_SECONDS"),
        ({"MINI_AGENT_MAX_RUN_SECONDS": "inf"}, "MINI_AGENT_MAX_RUN_SECONDS"),
        ({"MINI_AGENT_QUEUE": "-1"}, "MINI_AGENT_QUEUE"),
        ({"MINI_AGENT_STORE_TRACES": "maybe"}, "MINI_AGENT_STORE_TRACES"),
        ({"MINI_AGENT_TOKEN_FILE": "/nowhere/token"}, "/nowhere/token"),
        ({"MINI_AGENT_TOKEN": "a b"}, "token"),
        ({"MINI_AGENT_TOOL_HTTP_HEADERS": "[]"}, "MINI_AGENT_TOOL_HTTP_HEADERS"),
        ({"MINI_AGENT_API_BASE": "nonsense"}, "MINI_AGENT_API_BASE"),
    ],
)
def test_what_cannot_be_used_is_named(environ, named):
    with pytest.raises(ValueError, match=named):
        Settings.from_environment(environ)


def test_two_tokens_are_refused_and_an_empty_file_is_none(tmp_path):
    file = tmp_path / "token"
    file.write_text("\n")
    with pytest.raises(ValueError, match="empty"):
        Settings.from_environment({"MINI_AGENT_TOKEN_FILE": str(file)})
    file.write_text("one")
    with pytest.raises(ValueError, match="keep one"):
        Settings.from_environment({"MINI_AGENT_TOKEN_FILE": str(file), "MINI_AGENT_TOKEN": "two"})


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "agent.example", ""])
def test_beyond_this_machine_a_token_is_needed(host):
    settings = Settings(host=host)
    with pytest.raises(ValueError, match="MINI_AGENT_TOKEN"):
        settings.check_exposure()
    Settings(host=host, token="t").check_exposure()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_on_this_machine_none_is(host):
    Settings(host=host).check_exposure()


def test_traces_go_to_a_file_or_into_a_folder(tmp_path):
    on = {"MINI_AGENT_STORE_TRACES": "1"}
    assert Settings.from_environment(on).trace_path == "mini_agent_runs.jsonl"
    path = str(tmp_path / "runs.jsonl")
    assert Settings.from_environment({**on, "MINI_AGENT_STORE_PATH": path}).trace_path == path
    inside = Settings.from_environment({**on, "MINI_AGENT_STORE_PATH": str(tmp_path)}).trace_path
    assert inside == str(tmp_path / "mini_agent_runs.jsonl")
    assert Settings.from_environment({"MINI_AGENT_STORE_PATH": path}).trace_path == ""


def test_no_secret_shows():
    environ = {
        "MINI_AGENT_TOKEN": "tok-secret",
        "MINI_AGENT_API_KEY": "key-secret",
        "MINI_AGENT_API_BASE": "http://127.0.0.1",
    }
    assert "secret" not in repr(Settings.from_environment(environ))

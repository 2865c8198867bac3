"""The commands as a user runs them: what they print, what they say of faults, and their exit codes."""

from __future__ import annotations

import json
import sys

import pytest

SENTENCE = "It is Paris."


def test_a_question_is_answered(process, model):
    ran = process("run", "--tools", "none", "Capital", "of", "France?")
    assert (ran.code, ran.out, ran.err) == (0, f"{SENTENCE}\n", "")
    assert model.asked[0]["messages"] == [{"role": "user", "content": "Capital of France?"}]


def test_a_question_may_come_from_standard_input(command, model):
    ran = command("run", "--tools", "none", "--model", "other", "--seed", "3", text="Capital?\n")
    assert ran.code == 0
    assert (model.asked[0]["model"], model.asked[0]["seed"]) == ("other", 3)


def test_the_envelope_is_that_of_the_service(command):
    body = json.loads(command("run", "--tools", "none", "--json", "Capital?").out)
    assert (body["ok"], body["final_answer"], body["metrics"]["tokens"]) == (
        True,
        SENTENCE,
        {"prompt": 7, "completion": 3},
    )


@pytest.mark.parametrize(
    ("words", "variables", "code", "named"),
    [
        (("run", "--tools", "none"), {}, 2, "no question"),
        (("run", "--tools", "none", "x"), {"MINI_AGENT_MODEL": ""}, 2, "no model"),
        (("run", "--tools", "none", "x"), {"MINI_AGENT_API_BASE": "http://127.0.0.1:1"}, 1, "model_error"),
        (("run", "--tools", "http", "x"), {}, 2, "tool_http_base_url"),
        (("run", "--max-iterations", "0", "--tools", "none", "x"), {}, 2, "max_iterations"),
        (("tools", "--tools", "http", "--url", "http://127.0.0.1:1"), {}, 3, "tool server"),
        (("tools", "--tools", "http", "--url", "http://10.0.0.1"), {}, 2, "not allowed"),
        (("tools", "--tools", "mcp"), {}, 2, "mcp_server"),
        (("serve", "--host", "0.0.0.0"), {}, 2, "MINI_AGENT_TOKEN"),
        (("serve", "--port", "x"), {}, 2, "port"),
        (
            ("serve", "--host", "no.such.host.invalid", "--port", "0"),
            {"MINI_AGENT_TOKEN": "t"},
            3,
            "no address",
        ),
        (("serve",), {"MINI_AGENT_TOOL_HTTP_HEADERS": "[1]"}, 2, "MINI_AGENT_TOOL_HTTP_HEADERS"),
        (
            ("serve",),
            {"MINI_AGENT_STORE_TRACES": "1", "MINI_AGENT_STORE_PATH": "/proc/x/y"},
            2,
            "MINI_AGENT_STORE_PATH",
        ),
        (("serve",), {"MINI_AGENT_OPENAI_SHIM_MODE": "loud"}, 2, "MINI_AGENT_OPENAI_SHIM_MODE"),
    ],
)
def test_a_fault_is_one_clear_line_and_a_code(command, words, variables, code, named):
    ran = command(*words, **variables)
    assert ran.code == code, ran.err
    assert named in ran.err
    assert ran.err.startswith(f"mini-agent {words[0]}: ")
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err


@pytest.mark.parametrize("words", [(), ("fly",), ("serve", "--wings")])
def test_usage(command, words):
    ran = command(*words)
    assert (ran.code, "usage: mini-agent" in ran.err) == (2, True)


def test_help_lists_the_commands_and_the_exit_codes(command):
    ran = command("--help")
    assert ran.code == 0
    for word in ("serve", "run", "tools", "doctor", "exit codes"):
        assert word in ran.out


def test_no_tools_are_no_lines(command):
    ran = command("tools", "--tools", "none")
    assert (ran.code, ran.out) == (0, "")
    assert command("tools", "--tools", "none", "--json").out == "[]\n"


@pytest.mark.skipif(sys.platform != "linux", reason="the sandbox is Linux's")
def test_doctor_shows_the_sandbox_and_hides_secrets(command):
    ran = command("doctor", MINI_AGENT_API_KEY="key-secret", MINI_AGENT_TOKEN="tok-secret")
    assert ran.code in (0, 3), ran.err
    assert ran.out.startswith("sandbox: ")
    assert "MINI_AGENT_API_KEY=(set, 10 characters)" in ran.out
    assert "secret" not in ran.out + ran.err
    assert "answers; 1 models: small" in ran.out
    assert ran.code == (3 if ran.out.startswith("sandbox: NONE") else 0)


def test_importing_the_package_or_asking_for_help_loads_no_server():
    import subprocess

    script = "import sys, mini_agent.cli.main; print([m for m in ('uvicorn', 'starlette', 'pydantic', 'mcp') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

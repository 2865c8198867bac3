from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.loop.code_blocks import Block, as_calls, blocks


def fenced(language, code="print(1)\n", fence="```"):
    return f"Look:\n\n{fence}{language}\n{code}{fence}\n\nThat is all."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("no code", []),
        ("`inline`", []),
        (fenced("python"), [Block("python", "print(1)\n")]),
        (fenced("Python title=x.py"), [Block("python", "print(1)\n")]),
        (fenced("{.python .numberLines}"), [Block("python", "print(1)\n")]),
        (fenced("python:main.py"), [Block("python", "print(1)\n")]),
        (fenced("c++"), [Block("c++", "print(1)\n")]),
        (fenced(""), [Block("", "print(1)\n")]),
        (fenced("py", "", "~~~"), [Block("py", "")]),
        (fenced("py", "```\nx\n```\n", "````"), [Block("py", "```\nx\n```\n")]),
        ("1. so:\n   ```sh\n   ls\n     -l\n   ```", [Block("sh", "ls\n  -l\n")]),
        ("```python\nprint(", []),
        ("```python print(1)```", []),
        (fenced("python") + fenced("bash", "ls\n"), [Block("python", "print(1)\n"), Block("bash", "ls\n")]),
        ("```python\r\nprint(1)\r\n```", [Block("python", "print(1)\n")]),
    ],
)
def test_fences(text, found):
    assert list(blocks(text)) == found


@settings(deadline=None)
@given(st.text())
def test_any_text_can_be_read(text):
    for block in blocks(text):
        assert block.language == block.language.lower()
    as_calls(text)


@settings(deadline=None)
@given(st.text(alphabet="ab \n\t(`~\x0c\x85\u2028"), st.sampled_from(["python", "sh", "c"]))
def test_the_code_is_taken_as_it_stands(code, language):
    fence = "`" * 20
    assert list(blocks(f"{fence}{language}\n{code}\n{fence}")) == [Block(language, f"{code}\n")]


@pytest.mark.parametrize("language", ["python", "python3", "py", "Python"])
def test_python_goes_to_run_python(language):
    (one,) = as_calls(fenced(language))
    assert (one.name, json.loads(one.arguments_text)) == ("run_python", {"code": "print(1)\n"})


@pytest.mark.parametrize("language", ["sh", "bash", "shell"])
def test_shell_goes_to_run_shell(language):
    (one,) = as_calls(fenced(language, "ls -l\n"))
    assert (one.name, json.loads(one.arguments_text)) == ("run_shell", {"command": "ls -l"})


@pytest.mark.parametrize("language", ["", "text", "json", "output", "yaml", "markdown"])
def test_what_is_no_code_is_not_run(language):
    assert as_calls(fenced(language)) == ()


C = "#include <stdio.h>\nint main(void) { return 0; }\n"


@pytest.mark.parametrize("language", ["c", "C", "cpp", "javascript", "rust", "pythonish", "zsh"])
def test_another_language_is_answered_and_never_run_as_python(kit, language):
    model = kit.model(fenced(language, C), "I see.")
    tools = kit.tools(run_python=lambda code: "ran", run_shell=lambda command: "ran")
    result = kit.run(model, tools, auto_run_code_on_code_block=True).result
    assert tools.invoked == []
    assert result.messages[2]["content"] == (
        f"not supported: code in {language.lower()!r} is not run; python, sh and bash are"
    )
    assert (result.final_answer, result.metrics.tool_calls) == ("I see.", 0)


def test_a_block_and_its_result_are_a_proper_pair(kit):
    model = kit.model(fenced("python"), "It printed 1.")
    tools = kit.tools(run_python=lambda code: "1\n")
    result = kit.run(model, tools, auto_run_code_on_code_block=True).result
    _, asked, answered, _ = result.messages
    assert asked["content"] == fenced("python")
    assert asked["tool_calls"][0]["function"] == {
        "name": "run_python",
        "arguments": '{"code": "print(1)\\n"}',
    }
    assert answered == {"role": "tool", "tool_call_id": asked["tool_calls"][0]["id"], "content": "1\n"}
    assert tools.invoked == [("run_python", {"code": "print(1)\n"})]
    assert result.final_answer == "It printed 1."


def test_several_blocks_run_in_their_order(kit):
    text = fenced("sh", "ls\n") + fenced("c") + fenced("python")
    tools = kit.tools(run_python=lambda code: "p", run_shell=lambda command: "s")
    result = kit.run(kit.model(text, "done"), tools, auto_run_code_on_code_block=True).result
    said = [one["content"] for one in result.messages if one["role"] == "tool"]
    assert (said[0], said[1][:13], said[2]) == ("s", "not supported", "p")


def test_code_that_ran_well_before_is_part_of_the_answer(kit):
    model = kit.model(fenced("python"), "It printed 1 with:\n" + fenced("python"))
    tools = kit.tools(run_python=lambda code: "1")
    result = kit.run(model, tools, auto_run_code_on_code_block=True).result
    assert (result.ok, len(tools.invoked)) == (True, 1)


def test_code_that_failed_is_run_again_until_it_goes_round_in_circles(kit):
    from mini_agent.conversation import ToolOutcome

    tools = kit.tools(run_python=lambda code: ToolOutcome(False, "SyntaxError", rc=1))
    result = kit.run(kit.model(fenced("python")), tools, auto_run_code_on_code_block=True).result
    assert (result.stopped_reason, len(tools.invoked)) == ("loop_detected", 3)


def test_without_the_switch_code_is_text(kit):
    tools = kit.tools(run_python=lambda code: "1")
    result = kit.run(kit.model(fenced("python")), tools).result
    assert (result.ok, tools.invoked) == (True, [])


def test_code_runs_also_when_no_tools_are_offered(kit):
    model, tools = kit.model(fenced("python"), "done"), kit.tools(run_python=lambda code: "1")
    result = kit.run(model, tools, auto_run_code_on_code_block=True, use_tools=False).result
    assert (model.requests[0].tools, len(tools.invoked), result.ok) == ((), 1, True)


def test_a_call_of_a_tool_that_was_not_offered_is_refused_though_a_block_may_use_it(kit):
    model = kit.model(kit.call("run_python", '{"code": "1"}'), "done")
    tools = kit.tools(run_python=lambda code: "1")
    result = kit.run(model, tools, auto_run_code_on_code_block=True, use_tools=False).result
    assert (tools.invoked, result.messages[2]["content"][:7]) == ([], "not run")


def test_without_the_tool_a_block_is_answered_too(kit):
    result = kit.run(
        kit.model(fenced("python"), "done"), kit.tools(other=int), auto_run_code_on_code_block=True
    ).result
    assert "there is no tool 'run_python'; the tools are: other" in result.messages[2]["content"]

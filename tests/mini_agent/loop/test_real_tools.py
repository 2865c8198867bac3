"""The loop over the real local tools: processes that hang are gone when the run is."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from pathlib import Path

import pytest

from mini_agent.sandbox.self_test import probe
from mini_agent.tools.backends import ToolSettings, open_backend

PROMPT = 0.25
DETACHED = """
import os, sys
def hang():
    os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(60)", "MARKER"])
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        hang()
    os._exit(0)
hang()
"""


@pytest.fixture(scope="module", autouse=True)
def holds() -> None:
    report = probe()
    if not report.ok:
        pytest.skip(report.reason)


def processes(marker: str) -> set[str]:
    """The ids of the processes that carry the marker as an argument of their own."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if marker.encode() in (folder / "cmdline").read_bytes().split(b"\0"):
                found.add(folder.name)
    return found


async def with_tools(kit, model, **choices):
    backend = open_backend("local", ToolSettings.from_environment({}))
    try:
        return await kit.run_once(model, backend, **choices)
    finally:
        await backend.aclose()


def test_code_blocks_really_run(kit):
    model = kit.model("```python\nprint(6 * 7)\n```", "```sh\necho hello\n```", "```c\nint x;\n```", "done")
    result = asyncio.run(with_tools(kit, model, auto_run_code_on_code_block=True)).result
    said = [one["content"].strip() for one in result.messages if one["role"] == "tool"]
    assert (said[:2], said[2][:13]) == (["42", "hello"], "not supported")
    assert (result.ok, result.metrics.tool_calls) == (True, 2)


def test_a_fault_is_repaired(kit):
    model = kit.model("```python\n1 / 0\n```", "```python\nprint('mended')\n```", "done")
    result = asyncio.run(with_tools(kit, model, auto_run_code_on_code_block=True)).result
    first, second = (one.tool_invocations[0].outcome for one in result.iterations[:2])
    assert (first.ok, first.rc, second.ok) == (False, 1, True)
    assert "ZeroDivisionError" in result.messages[2]["content"]
    assert result.final_answer == "done"


async def watched(marker: str, seen: set[str]) -> None:
    while True:
        seen |= processes(marker)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("way", ["clock", "cancel", "timeout"])
def test_a_hung_tool_is_gone_with_its_whole_tree(kit, way):
    seconds = 0.6
    how = {
        "clock": {"max_total_seconds": seconds},
        "cancel": {"cancel_after": seconds},
        "timeout": {"tool_timeout": seconds},
    }[way]

    async def one(marker, seen):
        code = json.dumps({"code": DETACHED.replace("MARKER", marker)})
        watcher = asyncio.create_task(watched(marker, seen))
        ran = await with_tools(kit, kit.model(kit.call("run_python", code), "done"), **how)
        watcher.cancel()
        return ran

    trees, late = [], []
    for _ in range(3):
        marker, seen = uuid.uuid4().hex, set()
        ran = asyncio.run(one(marker, seen))
        assert processes(marker) == set()
        late.append(ran.seconds - (0 if way == "cancel" else seconds))
        assert ran.told.metrics.tool_calls == 1
        trees.append(len(seen))
    assert min(late) < (PROMPT if way != "timeout" else 1), "every run waited for something"
    assert max(trees) == 2, "the tree never stood, so nothing was shown"

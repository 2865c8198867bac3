"""What `/metrics` counts is what was done."""

from __future__ import annotations

import re
import urllib.request
from collections.abc import Callable
from typing import Any

CALL = {"tool_calls": [{"name": "echo", "arguments": {"text": "hello"}}]}


def counted(base: str) -> dict[str, float]:
    """Every sample of a counter, added up over its labels but for `reason`."""
    with urllib.request.urlopen(f"{base}/metrics", timeout=10) as reply:
        text = reply.read().decode()
    found: dict[str, float] = {}
    for name, labels, number in re.findall(r"^(\w+_total)(\{.*\})? (\S+)$", text, re.MULTILINE):
        reason = re.search(r'reason="(\w+)"', labels)
        key = f"{name} {reason[1]}" if reason else name
        found[key] = found.get(key, 0) + float(number)
    return found


def test_each_run_and_each_tool_call_is_counted_once(
    run: Callable[..., dict[str, Any]], tools: Any, base: str
) -> None:
    before = counted(base)
    fields = {"tool_backend": "http", "tool_http_base_url": tools.base}
    for _ in range(3):
        assert run([CALL, "done"], **fields)["ok"]
    run([CALL], max_iterations=1, **fields)
    after = counted(base)
    grown = {name: after[name] - before.get(name, 0) for name in after if after[name] != before.get(name, 0)}
    by_reason = {name.partition(" ")[2]: number for name, number in grown.items() if " " in name}
    assert by_reason.items() >= {"success": 3, "max_iterations": 1}.items(), grown
    assert next(number for name, number in grown.items() if "tool_calls" in name) == 4, grown

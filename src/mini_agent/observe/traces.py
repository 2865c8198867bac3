"""One line of JSON a run, with what happened and without what was said.

Texts, arguments and outputs are replaced by their lengths, so that a trace can be kept and shown where the
conversation may not. Each line is one `write` to a file opened with O_APPEND, which the kernel places whole at the
end (POSIX write(2)); several workers may share the file.
"""

from __future__ import annotations

import datetime
import errno
import json
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mini_agent.conversation import ToolInvocation
from mini_agent.result import Iteration, RunResult

_logger = logging.getLogger("mini_agent.traces")


def shape(value: Any, depth: int = 4) -> Any:
    """What kind of value it is: keys stay, everything else becomes its type and length."""
    if isinstance(value, Mapping) and depth:
        return {str(key)[:64]: shape(one, depth - 1) for key, one in list(value.items())[:32]}
    if isinstance(value, (str, list, tuple, Mapping)):
        return f"{type(value).__name__}[{len(value)}]"
    return type(value).__name__


def invocation_line(invocation: ToolInvocation) -> dict[str, Any]:
    outcome = invocation.outcome
    return {
        "id": invocation.call.id[:128],
        "name": invocation.call.name[:128],
        "arguments": None if invocation.arguments is None else shape(invocation.arguments),
        "ok": outcome.ok,
        "rc": outcome.rc,
        "content": len(outcome.content),
        "retries": outcome.retries,
        "ms": round(outcome.ms, 3),
    }


def iteration_line(iteration: Iteration) -> dict[str, Any]:
    return {
        "model": iteration.model[:256],
        "model_ms": round(iteration.model_ms, 3),
        "tool_invocations": [invocation_line(one) for one in iteration.tool_invocations],
    }


def run_line(result: RunResult, request_class: str, trace: str = "") -> dict[str, Any]:
    """`request_class` says what kind of request it was, in the service's own words; `trace` is `x-readiness-trace`."""
    metrics = result.metrics
    return {
        "run_id": result.run_id,
        "time": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "request_class": request_class,
        "trace": trace,
        "stopped_reason": result.stopped_reason.value,
        "messages": [
            {"role": str(one.get("role"))[:16], "content": shape(one.get("content"))}
            for one in result.messages
        ],
        "final_answer": len(result.final_answer),
        "tokens": {"prompt": metrics.tokens.prompt, "completion": metrics.tokens.completion},
        "cost": metrics.cost,
        "total_ms": round(metrics.total_ms, 3),
        "escalated": metrics.escalated,
        "used_model": metrics.used_model[:256],
        "stand_in": result.stand_in,
        "iterations": [iteration_line(one) for one in result.iterations],
    }


@dataclass
class TraceFile:
    """Appends lines. A disk that is full costs traces, never a run; it is said once."""

    path: str
    _torn: bool = field(default=False, init=False)
    _complained: bool = field(default=False, init=False)

    def open_once(self) -> None:
        """Raises OSError when nothing can be written there."""
        folder = os.path.dirname(self.path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        os.close(self._open())

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def write(self, line: Mapping[str, Any]) -> None:
        """Opened anew each time, so that the file can be moved away while the service runs."""
        text = json.dumps(line, separators=(",", ":")).encode() + b"\n"
        # What a full disk cut off is closed first, so that this line stands by itself.
        text = b"\n" + text if self._torn else text
        try:
            file = self._open()
            try:
                written = os.write(file, text)
            finally:
                os.close(file)
            self._torn = 0 < written < len(text)
            if written < len(text):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            self._complained = False
        except OSError as error:
            if not self._complained:
                _logger.error("%s: traces are being lost: %s", self.path, error.strerror)
            self._complained = True

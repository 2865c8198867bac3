"""What the gate asks of a worker and what the worker answers: one JSON object a line, both ways."""

from __future__ import annotations

import json

from readiness.record.value import as_json, value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@value
class Job:
    """One command to run to its end.

    `argv` is executed as it is. `deadline` counts from the start, None for none. `grace` is the time between the
    first polite signal and the sure one. `secrets` are values that must not reach the log. `stacks` is the folder
    in which the probe leaves a file for every process that can be asked for its stack.
    """

    argv: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    log: str
    deadline: float | None = None
    grace: float = 2.0
    output_limit: int = 2 << 30
    secrets: tuple[str, ...] = ()
    stacks: str = ""
    ready: ReadyCheck | None = None

    def to_line(self) -> bytes:
        return json.dumps(as_json(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Job:
        data: dict[str, Any] = json.loads(line)
        data["argv"] = tuple(data["argv"])
        data["secrets"] = tuple(data["secrets"])
        data["ready"] = ReadyCheck(**data["ready"]) if data["ready"] else None
        return cls(**data)


@value
class ReadyCheck:
    """How a service's readiness is found out; `kind` and `target` as in the configuration, the port filled in."""

    kind: str
    target: str
    port: int
    timeout: float


@value
class Ended:
    """How a job ended. `exit_code` is negative for a signal and None when it never started.

    `stopped` is empty, or why the worker ended it: `deadline`, `asked`, `output`, `gate gone`.
    `left_running` are processes that outlived the command and were ended, `survivors` those that could not be.
    """

    exit_code: int | None
    seconds: float = 0.0
    stopped: str = ""
    start_error: str = ""
    log_error: str = ""
    output_bytes: int = 0
    last_output: str = ""
    left_running: tuple[str, ...] = ()
    survivors: tuple[str, ...] = ()

    def to_line(self) -> bytes:
        return json.dumps({"event": "ended", **as_json(self)}).encode() + b"\n"

    @classmethod
    def from_message(cls, data: Mapping[str, Any]) -> Ended:
        known = {name: value for name, value in data.items() if name != "event"}
        known["left_running"] = tuple(known["left_running"])
        known["survivors"] = tuple(known["survivors"])
        return cls(**known)


class Lines:
    """Splits a byte stream into lines as chunks arrive."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        return whole

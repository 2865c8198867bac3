"""What a run came to: why it stopped, what it did, what it cost. The HTTP envelope is these values as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from mini_agent.conversation import NOTHING_USED, Message, ToolInvocation, Usage


class StopReason(StrEnum):
    """Why a run ended. Only `success` reached an answer."""

    SUCCESS = "success"
    MAX_ITERATIONS = "max_iterations"
    BUDGET_SECONDS = "budget_seconds"
    BUDGET_TOKENS = "budget_tokens"
    BUDGET_COST = "budget_cost"
    BUDGET_TOOL_CALLS = "budget_tool_calls"
    LOOP_DETECTED = "loop_detected"
    MODEL_ERROR = "model_error"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Iteration:
    """One call of the model and the tools that it asked for. `finish_reason` is empty when no reply came."""

    model: str
    model_ms: float
    tool_invocations: tuple[ToolInvocation, ...] = ()
    finish_reason: str = ""


@dataclass(frozen=True, slots=True)
class Metrics:
    """`escalated` and `used_model` are what happened, not what was asked for."""

    iterations: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    tokens: Usage = NOTHING_USED
    cost: float = 0.0
    total_ms: float = 0.0
    escalated: bool = False
    used_model: str = ""
    retries: int = 0


@dataclass(frozen=True, slots=True)
class RunResult:
    """The end of a run. `error` says in one line what went wrong where `stopped_reason` is no success."""

    run_id: str
    stopped_reason: StopReason
    final_answer: str
    messages: tuple[Message, ...]
    metrics: Metrics
    iterations: tuple[Iteration, ...] = ()
    error: str = ""
    stand_in: str = ""

    @property
    def ok(self) -> bool:
        return self.stopped_reason is StopReason.SUCCESS

    @property
    def last_tool_invocation(self) -> ToolInvocation | None:
        return next(
            (one.tool_invocations[-1] for one in reversed(self.iterations) if one.tool_invocations), None
        )

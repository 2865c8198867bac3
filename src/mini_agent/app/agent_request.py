"""What `POST /agent/run` takes. An unknown field is refused by name: a limit that is dropped silently is no limit."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mini_agent.app.fields import NO_CONTROL, WHOLE, ModelName, Number, Seed, Temperature, between, positive
from mini_agent.app.messages import Messages
from mini_agent.app.refusal import Refusal
from mini_agent.headers.table import MAX_FIELDS
from mini_agent.limits import Limits
from mini_agent.loop.options import RunOptions

HeaderValue = Annotated[str, Field(max_length=16384)]
Address = Annotated[str, Field(max_length=2048, pattern=NO_CONTROL)]


class AgentRequest(BaseModel):
    """A run: what to answer, with which model and tools, within which limits."""

    model_config = ConfigDict(strict=True, extra="forbid", title="AgentRun")

    messages: Messages
    model: ModelName
    tool_backend: Literal["local", "http", "mcp", "none"] = "local"
    tool_http_base_url: Address | None = Field(None, description="Needed when `tool_backend` is `http`.")
    tool_http_headers: dict[str, HeaderValue] | None = Field(
        None, description="Sent to the tool server on every call; they win over the service's own."
    )
    mcp_server: Address | None = Field(None, description="A command or an URL that the service allows.")
    use_tools: bool = True
    auto_run_code_on_code_block: bool = False
    max_iterations: Annotated[int, between(1, 100), WHOLE] = 3
    max_total_seconds: Annotated[Number, positive(86400)] | None = None
    max_tokens: Annotated[int, between(1, 10**6), WHOLE] | None = Field(
        None, description="Bounds each reply of the model."
    )
    max_tokens_total: Annotated[int, between(0, 10**9), WHOLE] | None = None
    max_history_characters: Annotated[int, between(0, 10**9), WHOLE] | None = Field(
        None, description="What is sent to the model is pruned to this; what is returned never is."
    )
    max_cost: Annotated[Number, between(0, 10**6)] | None = Field(None, description="US dollars.")
    max_tool_calls: Annotated[int, between(0, 10**4), WHOLE] | None = None
    tool_timeout: Annotated[Number, positive(3600)] = 10.0
    tool_concurrency: Annotated[int, between(1, 16), WHOLE] = 1
    max_tools_per_iter: Annotated[int, between(1, 64), WHOLE] = 4
    escalate_on_budget_exceeded: bool = False
    escalate_model: ModelName | None = None
    enable_repair: bool = True
    tool_mode: Literal["auto", "native", "schema"] = "auto"
    seed: Seed | None = None
    temperature: Temperature | None = None
    stream: bool = False

    def options(self, most_seconds: float) -> RunOptions:
        """What the loop is told. No run is longer than `most_seconds`, whatever it asks for."""
        return RunOptions(
            model=self.model,
            limits=self.limits(most_seconds),
            use_tools=self.use_tools and self.tool_backend != "none",
            tool_mode=self.tool_mode,
            auto_run_code_on_code_block=self.auto_run_code_on_code_block,
            enable_repair=self.enable_repair,
            escalate_on_budget_exceeded=self.escalate_on_budget_exceeded,
            escalate_model=self.escalate_model or "",
            seed=self.seed,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            max_history_characters=self.max_history_characters,
            stream=self.stream,
        )

    def limits(self, most_seconds: float) -> Limits:
        return Limits(
            max_iterations=self.max_iterations,
            max_total_seconds=min(self.max_total_seconds or most_seconds, most_seconds),
            max_tokens_total=self.max_tokens_total,
            max_cost=self.max_cost,
            max_tool_calls=self.max_tool_calls,
            max_tools_per_iter=self.max_tools_per_iter,
            tool_timeout=self.tool_timeout,
            tool_concurrency=self.tool_concurrency,
        )

    def check(self) -> None:
        """What fields need of each other. Raises Refusal 400."""
        if self.tool_backend == "http" and not self.tool_http_base_url:
            raise _needs("tool_http_base_url", "tool_backend `http`")
        if self.tool_backend == "mcp" and not self.mcp_server:
            raise _needs("mcp_server", "tool_backend `mcp`")
        if self.escalate_on_budget_exceeded and not self.escalate_model:
            raise _needs("escalate_model", "escalate_on_budget_exceeded")


def check_headers(value: Any) -> None:
    """Raises Refusal 400 for more headers than may be sent, before each of them is looked at."""
    headers = value.get("tool_http_headers") if isinstance(value, dict) else None
    if isinstance(headers, dict) and len(headers) > MAX_FIELDS:
        message = f"tool_http_headers: {len(headers)} headers are more than {MAX_FIELDS}"
        raise Refusal(400, message, code="invalid_field", param="tool_http_headers")


def _needs(name: str, what: str) -> Refusal:
    return Refusal(400, f"{name} is needed with {what}", code="missing_field", param=name)

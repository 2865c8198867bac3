"""What a caller may choose about one run."""

from __future__ import annotations

from dataclasses import dataclass, field

from mini_agent.interfaces import ToolMode
from mini_agent.limits import Limits


@dataclass(frozen=True, slots=True)
class RunOptions:
    """`model` is asked first, `escalate_model` once more when a limit is spent (see `loop.escalation`).

    `use_tools`: the backend's tools are offered to the model. `enable_repair`: a call that cannot be made (unknown
    name, arguments that do not fit) goes back to the model with the reason; without it, it ends the run as
    `model_error`. `max_history_characters` bounds what is sent (see `history.prune`), never what is returned; None
    sends everything. `max_tokens` bounds each reply of the model, where `limits.max_tokens_total` bounds them all.
    `stream`: text is streamed from the model when somebody listens.
    """

    model: str
    limits: Limits = field(default_factory=Limits)
    use_tools: bool = True
    tool_mode: ToolMode = "auto"
    auto_run_code_on_code_block: bool = False
    enable_repair: bool = True
    escalate_on_budget_exceeded: bool = False
    escalate_model: str = ""
    seed: int | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    max_history_characters: int | None = None
    stream: bool = True

    def __post_init__(self) -> None:
        """Raises ValueError naming the field that makes no sense."""
        if self.max_tokens is not None and self.max_tokens < 1:
            raise ValueError(f"max_tokens must be at least 1, is {self.max_tokens}")
        if self.max_history_characters is not None and self.max_history_characters < 0:
            raise ValueError(f"max_history_characters must not be negative, is {self.max_history_characters}")

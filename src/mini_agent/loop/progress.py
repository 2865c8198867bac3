"""What a run has done so far. It can be turned into a result at any moment, so that an interrupted run is told truly."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mini_agent.conversation import Message, Reply, ToolInvocation
from mini_agent.loop import transcript
from mini_agent.loop.budget import Spent, of_reply
from mini_agent.result import Iteration, Metrics, RunResult, StopReason


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run stops here. `answer` is what the model answered, also where a budget says that it came too late."""

    reason: StopReason
    answer: str = ""
    error: str = ""


class Progress:
    """Messages, iterations and sums of one run.

    `spent` is measured against the limits and starts again with escalation; the metrics hold the whole run.
    """

    def __init__(self, messages: Sequence[Message], run_id: str) -> None:
        self.run_id = run_id
        self.messages: list[Message] = list(messages)
        self.iterations: list[Iteration] = []
        self.spent = Spent()
        self._before = Spent()
        self._retries = 0
        self._escalated = False
        self._escalating = False
        self._stand_in = ""
        self._start = time.monotonic()

    def escalate(self) -> None:
        """The limits count from here on. The run counts as escalated once the other model is really asked."""
        self._before, self.spent = self._before + self.spent, Spent()
        self._escalating = True

    @property
    def next_number(self) -> int:
        return len(self.iterations) + 1

    def asking(self, model: str) -> int:
        """A call of the model begins: an iteration, whatever comes of it. Returns its number, from 1."""
        self.spent += Spent(iterations=1)
        self.iterations.append(Iteration(model, 0.0))
        self._escalated = self._escalating
        return len(self.iterations)

    def asked(self, number: int, ms: float, reply: Reply | None) -> None:
        """Call `number` is over; `reply` is None when it was interrupted or failed."""
        asked = self.iterations[number - 1]
        if reply is None:
            self.iterations[number - 1] = replace(asked, model_ms=ms)
            return
        self.iterations[number - 1] = replace(
            asked, model=reply.model or asked.model, model_ms=ms, finish_reason=reply.finish_reason
        )
        self.spent += of_reply(reply)
        self._retries += reply.retries
        self._stand_in = reply.stand_in or self._stand_in

    def said(self, content: str) -> None:
        self.messages.append(transcript.assistant(content))

    def called(self, content: str, invocations: Sequence[ToolInvocation], begun: int) -> None:
        """A reply with its calls, and the answer to each: they enter the conversation together or not at all."""
        self.messages.append(transcript.assistant(content, [one.call for one in invocations]))
        self.messages.extend(transcript.tool(one) for one in invocations)
        self.iterations[-1] = replace(self.iterations[-1], tool_invocations=tuple(invocations))
        self.spent += Spent(tool_calls=begun)
        self._retries += sum(one.outcome.retries for one in invocations)

    def result(self, ending: Ending) -> RunResult:
        whole = self._before + self.spent
        metrics = Metrics(
            iterations=whole.iterations,
            model_calls=whole.iterations,
            tool_calls=whole.tool_calls,
            tokens=whole.tokens,
            cost=whole.cost,
            total_ms=(time.monotonic() - self._start) * 1000,
            escalated=self._escalated,
            used_model=self.iterations[-1].model if self.iterations else "",
            retries=self._retries,
        )
        return RunResult(
            run_id=self.run_id,
            stopped_reason=ending.reason,
            final_answer=ending.answer,
            messages=tuple(self.messages),
            metrics=metrics,
            iterations=tuple(self.iterations),
            error=ending.error,
            stand_in=self._stand_in,
        )

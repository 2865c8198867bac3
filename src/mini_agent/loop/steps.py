"""The steps of a run with one model: ask, judge the reply, run its calls, and again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from mini_agent.conversation import Message, Reply, ToolCall, ToolDefinition
from mini_agent.events import Delta, Listener, Step
from mini_agent.history.prune import prune
from mini_agent.history.readable import readable
from mini_agent.interfaces import Model, ModelError, ModelRequest, OnText, ToolBackend, ToolBackendError
from mini_agent.loop import budget, code_blocks, repetition, transcript
from mini_agent.loop.in_flight import EndedItself, within
from mini_agent.loop.options import RunOptions
from mini_agent.loop.plan import Planned, first_fault, none_run, plan
from mini_agent.loop.progress import Ending, Progress
from mini_agent.loop.turn import Turn
from mini_agent.result import StopReason


class Steps:
    """What the steps of one run share. Each step ends the run with an Ending, or goes on with None."""

    def __init__(
        self,
        options: RunOptions,
        model: Model,
        tools: ToolBackend,
        listen: Listener | None,
        progress: Progress,
    ) -> None:
        self._options = options
        self._model = model
        self._backend = tools
        self._listen = listen
        self._progress = progress
        self._tools: Mapping[str, ToolDefinition] | None = None
        self._blanks = 0
        self._ran_well: set[tuple[str, str]] = set()

    async def run(self, model: str) -> Ending:
        """Until the run ends. Raises CancelledError at any await, ToolBackendError before the first step."""
        tools = await self._known()
        while True:
            if reason := budget.before_model_call(self._options.limits, self._progress.spent):
                return self._over(reason)
            try:
                reply = await self._ask(model, tuple(tools.values()) if self._options.use_tools else ())
            except (ModelError, EndedItself) as error:
                return Ending(StopReason.MODEL_ERROR, error=str(error) or "the model's call was cancelled")
            if ending := await self._judge(reply, tools):
                return ending

    async def _known(self) -> Mapping[str, ToolDefinition]:
        """The tools that a call may name, asked for once a run."""
        if self._tools is None:
            wanted = self._options.use_tools or self._options.auto_run_code_on_code_block
            self._tools = {one.name: one for one in await self._definitions()} if wanted else {}
        return self._tools

    async def _definitions(self) -> Sequence[ToolDefinition]:
        try:
            return await within(None, self._backend.definitions())
        except EndedItself:
            raise ToolBackendError("it was cancelled from inside while it was asked for its tools") from None

    async def _ask(self, model: str, tools: tuple[ToolDefinition, ...]) -> Reply:
        """One call of the model. What it used is counted when it arrives, even if the run has just been interrupted."""
        options, progress = self._options, self._progress
        request = ModelRequest(
            model,
            self._to_send(),
            tools,
            options.tool_mode,
            temperature=options.temperature,
            # The same request with the same seed would be answered with the same blank.
            seed=None if options.seed is None else options.seed + self._blanks,
            max_tokens=budget.reply_tokens(options, progress.spent),
        )
        if self._listen:
            await self._listen(Step(progress.next_number, model))
        return await within(None, self._reply(request))

    async def _reply(self, request: ModelRequest) -> Reply:
        number = self._progress.asking(request.model)
        start, reply = time.monotonic(), None
        try:
            reply = await self._model.reply(request, self._on_text())
            return reply
        finally:
            self._progress.asked(number, (time.monotonic() - start) * 1000, reply)

    def _on_text(self) -> OnText | None:
        listen = self._listen
        if listen is None or not self._options.stream:
            return None

        async def tell(text: str) -> None:
            await listen(Delta(text))

        return tell

    def _to_send(self) -> tuple[Message, ...]:
        most = self._options.max_history_characters
        kept = self._progress.messages if most is None else prune(self._progress.messages, most)
        return readable(kept)

    async def _judge(self, reply: Reply, tools: Mapping[str, ToolDefinition]) -> Ending | None:
        """Calls are run, text is the answer, and a blank reply is neither: the model is asked again."""
        over = budget.after_reply(self._options.limits, self._progress.spent)
        if reply.tool_calls:
            offered = tools if self._options.use_tools else {}
            return await self._run_calls(reply.content, reply.tool_calls, offered, over)
        if self._options.auto_run_code_on_code_block and (
            calls := code_blocks.as_calls(reply.content, self._ran_well)
        ):
            ending = await self._run_calls(reply.content, calls, tools, over)
            self._note_what_ran_well()
            return ending
        if not reply.content.strip():
            self._blanks += 1
            return self._over(over) if over else None
        self._progress.said(reply.content)
        return self._over(over, reply.content) if over else Ending(StopReason.SUCCESS, reply.content)

    async def _run_calls(
        self,
        content: str,
        calls: Sequence[ToolCall],
        tools: Mapping[str, ToolDefinition],
        over: StopReason | None,
    ) -> Ending | None:
        limits, progress = self._options.limits, self._progress
        left = budget.tool_calls_left(limits, progress.spent)
        planned = plan(transcript.with_own_ids(calls), tools, limits.max_tools_per_iter, left)
        planned, ending = self._may_run(planned, over)
        turn = Turn(planned, self._backend, limits)
        try:
            await turn.run(self._listen)
        finally:
            progress.called(content, turn.invocations(), turn.begun)
        return ending or self._in_circles()

    def _may_run(
        self, planned: tuple[Planned, ...], over: StopReason | None
    ) -> tuple[tuple[Planned, ...], Ending | None]:
        """What of the plan is run, and the ending that is already certain."""
        if over:
            ending = self._over(over)
            return none_run(planned, f"the run's budget is spent: {ending.error}"), ending
        if not self._options.enable_repair and (fault := first_fault(planned)):
            why = "another call of this reply could not be made, and repair is off"
            return none_run(planned, why), Ending(
                StopReason.MODEL_ERROR, error=f"{fault} (enable_repair is off)"
            )
        if any(one.over_budget for one in planned):
            return planned, self._over(StopReason.BUDGET_TOOL_CALLS)
        return planned, None

    def _in_circles(self) -> Ending | None:
        if not repetition.is_loop([one.tool_invocations for one in self._progress.iterations]):
            return None
        said = f"the same call gave the same result {repetition.RUNNING} times running"
        return Ending(StopReason.LOOP_DETECTED, error=said)

    def _note_what_ran_well(self) -> None:
        self._ran_well |= {
            (one.call.name, one.call.arguments_text)
            for one in self._progress.iterations[-1].tool_invocations
            if one.outcome.ok
        }

    def _over(self, reason: StopReason, answer: str = "") -> Ending:
        return Ending(reason, answer, budget.sentence(reason, self._options.limits, self._progress.spent))

"""Asks a server, in a few tiny calls, whether it honours what a check says it needs.

Servers drop what they do not know and answer 200. A check that leans on such a thing cannot measure anything; that is
no failure of what it checks.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from readiness.record.value import value
from readiness.relay.answer import error_text, read_answer
from readiness.relay.content import read_content
from readiness.relay.dialect import MARK, SHAPES, TOOL, address, chat, headers, with_schema, with_tool
from readiness.relay.events import read_events
from readiness.relay.plain_http import NoAnswer, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Final

    from readiness.relay.plain_http import Reply

YES: Final = "yes"
NO: Final = "no"
DROPPED: Final = "dropped silently"
UNKNOWN: Final = "unknown"

VARIED: Final = "Invent a name for a ship and a sentence about its voyage."
WEATHER: Final = "What is the weather in Paris right now? Use the tool."
AT_ONCE: Final = 4


@value
class Capability:
    """`answer` is `yes`, `no`, `dropped silently` or `unknown`; `evidence` a clause that shows it."""

    name: str
    answer: str
    evidence: str


@value
class Capabilities:
    """What a server can do, of what was asked about."""

    asked: tuple[Capability, ...] = ()

    @property
    def lacking(self) -> tuple[Capability, ...]:
        """What a check cannot lean on: refused or dropped."""
        return tuple(one for one in self.asked if one.answer in (NO, DROPPED))


@value
class Server:
    """Where the questions go."""

    base: str
    kind: str
    model: str
    key: str = ""

    def ask(self, body: Mapping[str, Any]) -> Reply:
        """Raises NoAnswer."""
        return ask(address(self.base, self.kind), body, headers(self.kind, self.key))


def preflight(base: str, kind: str, model: str, wants: tuple[str, ...], key: str = "") -> Capabilities:
    """Ask the server at `base` for each of `wants`: seed, tools, schema, streaming, concurrency. Never raises for a
    server's sake; ValueError for an unknown want or kind."""
    unknown = [want for want in wants if want not in QUESTIONS]
    if unknown or kind not in SHAPES:
        raise ValueError(
            f"no preflight for {', '.join(unknown) or kind}; there is one for {', '.join(QUESTIONS)}"
        )
    server = Server(base, kind, model, key)
    return Capabilities(tuple(_asked(want, server) for want in wants))


def _asked(want: str, server: Server) -> Capability:
    try:
        answer, evidence = QUESTIONS[want](server)
    except NoAnswer as error:
        answer, evidence = UNKNOWN, f"no answer: {error}"
    return Capability(want, answer, evidence)


def _refused(reply: Reply) -> tuple[str, str] | None:
    """What an answer other than 200 means: a request that is refused is a no, a server in trouble says nothing."""
    if reply.status == 200:
        return None
    clear = 400 <= reply.status < 500 and reply.status not in (401, 403, 404, 408, 429)
    return (NO if clear else UNKNOWN), f"status {reply.status}: {error_text(reply.body)[:200]}"


def _said(server: Server, reply: Reply) -> Mapping[str, str]:
    events, _ = read_events(reply.body)
    return read_content(SHAPES[server.kind], [one for one in events if isinstance(one, dict)])[0]


def _text(parts: Mapping[str, str]) -> str:
    return "".join(text for place, text in parts.items() if place.endswith((" content", " text")))


def ask_seed(server: Server) -> tuple[str, str]:
    """Two answers with one seed must be equal, and those of other seeds must not all be the same."""
    if server.kind == "anthropic":
        return NO, "the API has no seed"
    replies = [server.ask(chat(server.kind, server.model, VARIED, seed=seed)) for seed in (11, 11, 12, 13)]
    if refused := next((found for one in replies if (found := _refused(one))), None):
        return refused
    return judge_seed([_text(_said(server, one)) for one in replies])


def judge_seed(texts: Sequence[str]) -> tuple[str, str]:
    """The first two texts are of one seed, the rest each of another."""
    first, again, *others = texts
    if not first:
        return UNKNOWN, "the answers are empty"
    if first != again:
        return DROPPED, f"one seed gave two answers: {first[:40]!r} and {again[:40]!r}"
    if all(other == first for other in others):
        return UNKNOWN, f"{len(others) + 1} seeds gave one answer: {first[:40]!r}"
    return YES, "one seed gave one answer twice, another seed another"


def ask_tools(server: Server) -> tuple[str, str]:
    """A tool that must be called is called; else the size of the prompt tells whether the model ever saw it."""
    plain = chat(server.kind, server.model, WEATHER, 64)
    reply = server.ask(with_tool(server.kind, plain))
    if refused := _refused(reply):
        return refused
    parts = _said(server, reply)
    calls = [text for place, text in parts.items() if " tool" in place or place.endswith(" name")]
    if any(TOOL in text for text in calls):
        return YES, f"called {TOOL}"
    shape = SHAPES[server.kind]
    without = read_answer(shape, server.ask(plain).body).prompt_tokens
    return judge_tools(read_answer(shape, reply.body).prompt_tokens, without, _text(parts))


def judge_tools(offered: int | None, without: int | None, text: str) -> tuple[str, str]:
    """No tool was called: prompt tokens with the tool offered, and without."""
    if offered is None or without is None:
        return UNKNOWN, f"no tool was called, and the prompt's tokens are not told; said {text[:40]!r}"
    if offered <= without:
        return DROPPED, f"the prompt has {offered} tokens with the tool and {without} without"
    return NO, f"the model saw the tool and did not call it; said {text[:40]!r}"


def ask_schema(server: Server) -> tuple[str, str]:
    """The answer to a greeting must be the one object that the schema allows."""
    if server.kind == "anthropic":
        return UNKNOWN, "no schema is asked for in this API"
    reply = server.ask(with_schema(server.kind, chat(server.kind, server.model, "Say hello.", 48)))
    return _refused(reply) or judge_schema(_text(_said(server, reply)))


def judge_schema(text: str) -> tuple[str, str]:
    try:
        held = json.loads(text) == {"mark": MARK}
    except ValueError:
        held = False
    return (YES, "the answer followed the schema") if held else (DROPPED, f"the answer is {text[:40]!r}")


def ask_streaming(server: Server) -> tuple[str, str]:
    """The answer must come in several events."""
    reply = server.ask(chat(server.kind, server.model, VARIED, stream=True))
    if refused := _refused(reply):
        return refused
    events, _ = read_events(reply.body)
    after = f"{len(events)} event(s) in {reply.end - reply.first:.2f} s"
    return (YES, after) if len(events) > 1 else (DROPPED, after)


def ask_concurrency(server: Server) -> tuple[str, str]:
    """Several streams at once must overlap: one begins before another has ended."""
    body = chat(server.kind, server.model, VARIED, 32, stream=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        replies = list(pool.map(server.ask, [body] * AT_ONCE))
    if busy := next((one for one in replies if one.status == 429), None):
        return NO, f"status 429 at {AT_ONCE} requests at once: {error_text(busy.body)[:200]}"
    if refused := next((found for one in replies if (found := _refused(one))), None):
        return refused
    return judge_overlap([(one.first, one.end) for one in replies])


def judge_overlap(spans: Sequence[tuple[float, float]]) -> tuple[str, str]:
    """When each answer began and ended."""
    peak = max(sum(first <= at < end for first, end in spans) for at, _ in spans)
    evidence = f"{peak} of {len(spans)} answers under way at once"
    return (YES if peak > 1 else NO), evidence


QUESTIONS: Final[Mapping[str, Callable[[Server], tuple[str, str]]]] = {
    "seed": ask_seed,
    "tools": ask_tools,
    "schema": ask_schema,
    "streaming": ask_streaming,
    "concurrency": ask_concurrency,
}

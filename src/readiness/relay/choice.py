"""Chooses the model that the nd lane runs against, and says why: a configured server that proves itself, else ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.record.value import value
from readiness.relay.plan import Upstream, base_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Final

    from readiness.relay.identify import Probed

    Probe = Callable[[str, str, str, str], Probed]
    """Kind, base, model, key; `identify` is the real one."""

EMBEDDED: Final = "embedded"
OLLAMA_BASES: Final = ("OLLAMA_API_BASE", "OLLAMA_HOST")
OPENAI_BASES: Final = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
FALSE: Final = ("", "0", "false", "no", "off")


@value
class Candidate:
    """A server that the environment names. `variable` is where it was named."""

    variable: str
    kind: str
    base: str
    model: str
    key: str = ""


@value
class Choice:
    """`upstream` is None for the embedded model. `source` is the variable that decided, or `embedded`.

    `reason` tells a reader why this one and why not those before it. `model` is the name to ask for; empty leaves it
    to the embedded model.
    """

    upstream: Upstream | None
    model: str
    source: str
    reason: str


def choose(environ: Mapping[str, str], probe: Probe) -> Choice:
    """Choose by the environment and by what the servers in it say of themselves.

    `ND_REAL=1` passes over a server that declares itself a stand-in; without it such a server is taken, and none of
    its answers counts. The embedded model is a real one. An API key alone names no server for this lane: it would
    spend money unasked.
    """
    wanted = environ.get("READINESS_MODEL", "")
    if wanted == EMBEDDED:
        return Choice(None, "", EMBEDDED, "READINESS_MODEL asks for the embedded model")
    passed_over: list[str] = []
    for candidate in candidates(environ):
        choice, why_not = _try(candidate, probe, is_on(environ, "ND_REAL"))
        if choice is not None:
            return _with_reasons(choice, passed_over)
        passed_over.append(f"{candidate.variable}: {candidate.base} {why_not}")
    why = "the embedded model" if passed_over else "the embedded model: no server is configured"
    return _with_reasons(Choice(None, "", EMBEDDED, why), passed_over)


def candidates(environ: Mapping[str, str]) -> Iterator[Candidate]:
    """The servers that the environment names, Ollama first."""
    wanted = environ.get("READINESS_MODEL", "")
    ollama = next((name for name in OLLAMA_BASES if environ.get(name)), None)
    if ollama:
        yield Candidate(
            ollama, "ollama", server_url(environ[ollama]), wanted or environ.get("OLLAMA_MODEL", "")
        )
    openai = next((name for name in OPENAI_BASES if environ.get(name)), None)
    if openai:
        model = wanted or environ.get("OPENAI_MODEL", "")
        yield Candidate(
            openai, "openai", server_url(environ[openai]), model, environ.get("OPENAI_API_KEY", "")
        )


def server_url(text: str) -> str:
    """An address as people write it, as a URL: `0.0.0.0:11434`, which Ollama takes to listen on, is this machine."""
    url = text.strip() if "://" in text else f"http://{text.strip()}"
    return url.replace("://0.0.0.0", "://127.0.0.1", 1).rstrip("/")


def is_on(environ: Mapping[str, str], name: str) -> bool:
    return environ.get(name, "").strip().lower() not in FALSE


def _try(candidate: Candidate, probe: Probe, real_only: bool) -> tuple[Choice | None, str]:
    """The choice of a candidate, or why not."""
    if base_fault(candidate.base):
        return None, "is no http(s) address"
    found = probe(candidate.kind, candidate.base, candidate.model, candidate.key)
    if found.problem:
        return None, found.problem
    if found.stand_in and real_only:
        return None, "is a stand-in, which ND_REAL forbids"
    name = str(found.identity["name"])
    upstream = Upstream("model", candidate.kind, candidate.base, dict(found.identity), found.stand_in)
    kind = "a stand-in, whose answers never count" if found.stand_in else f"a {candidate.kind} server"
    return Choice(
        upstream, name, candidate.variable, f"{candidate.variable} names {kind} that holds {name}"
    ), ""


def _with_reasons(choice: Choice, passed_over: list[str]) -> Choice:
    reason = "; ".join([choice.reason, *(f"passed over {one}" for one in passed_over)])
    return Choice(choice.upstream, choice.model, choice.source, reason)

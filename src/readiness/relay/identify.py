"""Asks a configured server who it is and which model it holds: `Probed` is all that the choice of a model needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from readiness.record.value import EMPTY, value
from readiness.relay.counting import is_stand_in
from readiness.relay.plain_http import NoAnswer, ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Final

    from readiness.relay.plain_http import Reply

SECONDS: Final = 5.0


@value
class Probed:
    """What a server said of itself.

    `identity` holds the facts for the record (server, version, name, digest, quantisation, …) and is empty when the
    server did not prove who it is or does not hold the model; `problem` then says why. `models` lists what it holds.
    """

    identity: Mapping[str, Any] = EMPTY
    models: tuple[str, ...] = ()
    stand_in: bool = False
    problem: str = ""


def identify(kind: str, base: str, model: str, key: str = "") -> Probed:
    """Ask the server at `base`, an `ollama` or `openai` one, for `model`; empty: for its only one. Never raises."""
    try:
        return _ollama(base, model) if kind == "ollama" else _openai(base, model, key)
    except NoAnswer as error:
        return Probed(problem=f"does not answer ({error})")


def _ollama(base: str, model: str) -> Probed:
    """Ollama's /api/version, /api/tags and /api/show (docs/api.md)."""
    version = ask(f"{base}/api/version", seconds=SECONDS)
    named = _mapping(version.json()).get("version")
    if version.status != 200 or not isinstance(named, str):
        return Probed(problem=f"is no Ollama: /api/version answers {version.status} without a version")
    held = _listed(ask(f"{base}/api/tags", seconds=SECONDS), "models", "name")
    name, problem = pick(model, tuple(held), (f"{model}:latest",))
    stand_in = _marked(version)
    if problem:
        return Probed(models=tuple(held), stand_in=stand_in, problem=problem)
    show = ask(f"{base}/api/show", {"model": name, "name": name}, seconds=SECONDS)
    details = _mapping(_mapping(show.json()).get("details")) or _mapping(held[name].get("details"))
    digest = held[name].get("digest")
    if not isinstance(digest, str) or not digest:
        return Probed(models=tuple(held), stand_in=stand_in, problem=f"names no digest of {name}")
    identity = {
        "name": name,
        "digest": digest,
        "quantisation": details.get("quantization_level", ""),
        "family": details.get("family", ""),
        "parameter_size": details.get("parameter_size", ""),
        "server": "ollama",
        "server_version": named,
    }
    return Probed(identity, tuple(held), stand_in or _marked(show))


def _openai(base: str, model: str, key: str) -> Probed:
    """OpenAI's list of models, at the base or below its /v1. It knows of no digest."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    paths = ("/models",) if base.endswith("/v1") else ("/models", "/v1/models")
    replies = [ask(base + path, headers=headers, seconds=SECONDS) for path in paths]
    good = next((one for one in replies if one.status == 200 and _listed(one, "data", "id")), None)
    if good is None:
        status = replies[-1].status
        return Probed(problem=f"does not list its models: {paths[-1]} answers {status}")
    held = _listed(good, "data", "id")
    name, problem = pick(model, tuple(held))
    if problem:
        return Probed(models=tuple(held), stand_in=_marked(good), problem=problem)
    facts = {
        "name": name,
        "digest": held[name].get("digest", ""),
        "owned_by": held[name].get("owned_by", ""),
        "server": good.headers.get("server", "unknown"),
        "server_version": "",
    }
    return Probed(facts, tuple(held), _marked(good) or held[name].get("owned_by") == "stand-in")


def pick(wanted: str, held: tuple[str, ...], also: tuple[str, ...] = ()) -> tuple[str, str]:
    """The model to use of those a server holds, or why there is none."""
    if not held:
        return "", "holds no model"
    shown = ", ".join(held[:5]) + (", …" if len(held) > 5 else "")
    if not wanted:
        return (held[0], "") if len(held) == 1 else ("", f"holds several models and none is named: {shown}")
    found = next((one for one in (wanted, *also) if one in held), "")
    return found, "" if found else f"does not hold {wanted}; it holds {shown}"


def _listed(reply: Reply, where: str, name: str) -> dict[str, Mapping[str, Any]]:
    entries = _mapping(reply.json()).get(where)
    rows: Iterable[Any] = entries if isinstance(entries, list) else ()
    return {one[name]: one for one in rows if isinstance(one, dict) and isinstance(one.get(name), str)}


def _mapping(one: Any) -> Mapping[str, Any]:
    return one if isinstance(one, dict) else {}


def _marked(reply: Reply) -> bool:
    return is_stand_in(False, reply.headers.get("x-stand-in", ""), "")

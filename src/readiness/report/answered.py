"""Who answered a check of lane nd or live, and what it cost: the words for the relay's evidence."""

from __future__ import annotations

from readiness.report import wording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from readiness.record.result import CheckResult


def model(check: CheckResult) -> str:
    """`smollm2:135m (Q8_0, sha256 b179c9523d0e, ollama 0.9.0)`; empty when no relay saw the check."""
    facts = check.model
    if not facts:
        return ""
    digest = str(facts.get("digest") or "").removeprefix("sha256:")
    server = f"{facts.get('server') or ''} {facts.get('server_version') or ''}".strip()
    details = (str(facts.get("quantisation") or ""), f"sha256 {digest[:12]}" if digest else "", server)
    told = ", ".join(filter(None, details))
    return f"{facts.get('name') or 'a model without a name'}{f' ({told})' if told else ''}"


def calls(check: CheckResult) -> str:
    """`4 calls, 3 of them counted, 152 tokens, 2.1 s`; empty when no relay saw the check."""
    seen = check.calls
    if not seen:
        return ""
    made, counted = _whole(seen, "calls"), _whole(seen, "counted")
    tokens = seen.get("tokens")
    known = [n for n in (tokens.values() if isinstance(tokens, dict) else ()) if isinstance(n, int)]
    cost = seen.get("cost")
    parts = (
        wording.plural(made, "call"),
        "" if counted == made else f"{counted} of them counted",
        wording.plural(sum(known), "token") if known else "",
        f"cost {cost:.4f}" if isinstance(cost, float) and cost else "",
        *(f"{number} × {word}" for word, number in dict(seen.get("errors") or {}).items()),
    )
    return ", ".join(filter(None, parts))


def line(check: CheckResult) -> str:
    """Both in one line; empty when no relay saw the check."""
    return ": ".join(filter(None, (model(check), calls(check))))


def _whole(seen: Mapping[str, Any], name: str) -> int:
    number = seen.get(name)
    return number if isinstance(number, int) else 0

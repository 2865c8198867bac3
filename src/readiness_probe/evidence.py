"""What a report of pytest says in words: the message, the place and the details of what went wrong."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Any, Dict, Optional

    from readiness_probe.places import Places

MESSAGE_LIMIT = 2_000
DETAILS_LIMIT = 20_000
FACTS = "_readiness_probe"
"""The attribute that carries facts on a report from where the exception is (a pytest-xdist worker, a forked
child) to where the report is recorded. It is taken off before any other plugin there sees the report."""


def shortened(text: str, limit: int) -> str:
    """`text`, or its first and last parts and how much was cut between them; at most `limit` characters."""
    if len(text) <= limit:
        return text
    half = (limit - 40) // 2
    cut = len(text) - 2 * half
    return f"{text[:half]}\n[... {cut} characters cut ...]\n{text[-half:]}"


def facts_of(report: Any, error: BaseException, places: Places) -> Dict[str, Any]:
    """What is to be told while the exception is alive and the report has not been serialised."""
    said = said_by(error) if report.when == "collect" else _message(report)
    return {"where": places.of_exception(error), "message": shortened(said, MESSAGE_LIMIT)}


def said_by(error: BaseException) -> str:
    """An exception in its own words; of one that pytest wrapped around an import, those of the cause."""
    if type(error).__module__.split(".")[0] == "_pytest" and error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, SyntaxError):
        return f"{type(error).__name__}: {error.msg}\n{(error.text or '').strip()}".strip()
    if isinstance(error, pytest.UsageError):
        return str(error)
    return "".join(traceback.format_exception_only(type(error), error)).strip()


def take_facts(report: Any) -> Dict[str, Any]:
    """The facts that a report carries, taken off it."""
    facts: Dict[str, Any] = report.__dict__.pop(FACTS, {})
    return facts


def told(report: Any, facts: Dict[str, Any], places: Places) -> Dict[str, str]:
    """Message, place and details of a report that did not pass."""
    return {
        "message": facts.get("message") or shortened(_message(report), MESSAGE_LIMIT),
        "where": facts.get("where") or _where(report, places),
        "details": shortened(str(getattr(report, "longreprtext", "")), DETAILS_LIMIT),
    }


def skip_told(report: Any, places: Places) -> Dict[str, str]:
    """Reason and place of a skip or an expected failure."""
    reason = getattr(report, "wasxfail", None)
    longrepr = report.longrepr
    if reason is None and isinstance(longrepr, (tuple, list)) and len(longrepr) == 3:
        path, line, reason = longrepr
        where = places.at(str(path), line)
    else:
        where = _where(report, places)
    text = str(longrepr if reason is None else reason)
    for opening in ("Skipped: ", "reason: "):
        text = text[len(opening) :] if text.startswith(opening) else text
    return {"message": shortened(text, MESSAGE_LIMIT), "where": where}


def _message(report: Any) -> str:
    longrepr = report.longrepr
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message).strip()
    if getattr(longrepr, "errorstring", ""):
        return str(longrepr.errorstring).strip().partition("\n")[0]
    return str(longrepr or "").strip()


def _where(report: Any, places: Places) -> str:
    """The place that pytest itself gives: of a failing doctest example, of the crash, else of the test."""
    examples = getattr(report.longrepr, "reprlocation_lines", None)
    if examples:
        return places.at(str(examples[0][0].path), examples[0][0].lineno)
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None and places.is_users(str(crash.path)):
        return places.at(str(crash.path), crash.lineno)
    location: Optional[Any] = getattr(report, "location", None)
    if not location:
        return str(report.nodeid).partition("::")[0]
    path, line = location[0], location[1]
    return places.at(str(path), None if line is None else line + 1)

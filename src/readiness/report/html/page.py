"""The whole page: parts in the order in which they are read, one style, one script, and a policy that allows no other.

The policy is that of Content Security Policy Level 3 in a `meta` element: nothing is loaded, nothing is sent, and only
the style and the script whose SHA-256 it names are used. Trusted Types keep the script itself from writing markup.
"""

from __future__ import annotations

import binascii
import hashlib
import os
from functools import lru_cache

from readiness.report import wording
from readiness.report.html import evidence, findings, rows, stories, tables, tails, timeline, top
from readiness.report.html.markup import EMPTY, Markup, data_block, joined, tag

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Final

    from readiness.record.record import Record
    from readiness.report.html.tails import Tail

FOLDER: Final = os.path.dirname(os.path.abspath(__file__))


def report_html(record: Record, logs: Sequence[Tail] = ()) -> str:
    """The record as one HTML document that asks for nothing else; same record and logs, same bytes.

    Its size is bounded however long the record's texts are; what was left out is said where it is missing.
    """
    style, script = asset("page.css"), asset("page.js")
    title = f"{record.verdict} · gate {record.header.gate} · {record.header.run_id}"
    head = joined(
        [
            tag("meta", charset="utf-8"),
            tag("meta", http_equiv="Content-Security-Policy", content=policy(style, script)),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", title),
            tag("style", style),
        ]
    )
    return f'<!DOCTYPE html>\n<html lang="en"><head>{head}</head>\n<body>{_body(record, logs, script)}</body></html>\n'


def policy(style: str, script: str) -> Markup:
    """What the page may do: nothing but this style and this script, if there is one."""
    run = _digest(script) if script else "none"
    return Markup(
        f"default-src 'none'; script-src '{run}'; style-src '{_digest(style)}'; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


@lru_cache(maxsize=4)
def asset(name: str) -> Markup:
    """A file of this folder."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
        return Markup(file.read())


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{binascii.b2a_base64(digest, newline=False).decode()}"


def _body(record: Record, logs: Sequence[Tail], script: Markup) -> Markup:
    bad = wording.against_it(record)
    numbers = {one.log: number for number, one in enumerate(logs)}
    parts = [
        ("lanes", "Lanes", top.lanes(record)),
        ("wrong", "What did not pass", stories.stories(bad, numbers)),
        ("table", "Checks and tests", asset("table.html")),
        ("timeline", "Timeline and services", timeline.timeline(record)),
        ("trials", "Trials", evidence.evidence(record)),
        ("models", "Models", tables.models(record)),
        ("not-run", "What did not run", tables.not_run(record)),
        ("left", "Left changed at the end", findings.left_over(record)),
        ("notes", "Heard, but not deciding", top.sentences(record.notes)),
        ("lint", "Lint", tables.lint(record)),
        ("problems", "What the gate itself could not do", top.sentences(record.problems)),
        ("logs", "Logs", _logs(record, logs)),
        ("run", "The run", tables.run(record)),
    ]
    shown = [part for part in parts if part[2]]
    links = (tag("li", tag("a", title, href=f"#{name}")) for name, title, _ in shown)
    navigation = tag("nav", tag("ul", *links), aria_label="Parts of this report")
    sections = (_section(name, title, inner) for name, title, inner in shown)
    main = tag("main", top.verdict(record), navigation, *sections, id="main", tabindex=-1)
    data = joined(
        [
            data_block("table-data", rows.table_data(record, bad, stories.TOLD)),
            data_block("log-data", tails.log_data(logs)),
        ]
    )
    skip = tag("a", "Skip to the verdict", href="#main", class_="skip")
    live = tag("p", id="said", class_="said", role="status", aria_live="polite")
    return joined([skip, main, live, data, tag("script", script)])


def _section(name: str, title: str, inner: Markup) -> Markup:
    return tag("section", tag("h2", title), inner, id=name, aria_label=title)


def _logs(record: Record, logs: Sequence[Tail]) -> Markup:
    missing = tails.left_out(record, logs)
    said = tag("p", missing, class_="left-out") if missing else EMPTY
    return joined([asset("logs.html"), said]) if logs else said

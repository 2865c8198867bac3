"""The text of a first configuration: each line that was decided says why it is there."""

from __future__ import annotations

import json
import os

from readiness.config.scaffold.markers import expression
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Final

    from readiness.config.scaffold.survey import Survey

_HEAD: Final = """\
# Written by `readiness init` from what it saw here; change it as you like.
# `readiness lint` says what is wrong with it, `readiness list` what would run.
version: 2
"""
_GATES: Final = (
    ("dev", ("core",), False),
    ("deploy", ("core", "nd"), True),
    ("release", ("core", "nd", "live"), True),
)
_ABSENT: Final = {
    "nd": "nd (tests of a real model, judged by repeated trials)",
    "live": "live (tests of an outside provider)",
}
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./"
_PLAIN_WORD: Final = frozenset(_LETTERS + ":@+=,")
_YAML_WORDS: Final = ("true", "false", "yes", "no", "on", "off", "null", "y", "n")
_PLAIN_SCALAR: Final = frozenset(_LETTERS + "@+=*()\"' ")


@value
class Planned:
    """One check to write: its lines are `run`, what `-m` selects, and comments."""

    name: str
    lane: str
    run: str
    comment: str


def compose(seen: Survey) -> str:
    """The configuration, as YAML of the new form."""
    checks = list(_checks(seen))
    lanes = [check.lane for check in checks]
    parts = [_HEAD, _defaults(seen), _gates(lanes), _services(seen), "checks:\n"]
    parts += [_check(check, seen) for check in checks]
    parts.append(_suggestions(seen))
    return "".join(parts)


def _checks(seen: Survey) -> Iterator[Planned]:
    if seen.runner == "make":
        yield Planned("tests", "core", f"make {seen.tests.paths[0]}", "the make target that tests")
        return
    if seen.runner == "unittest":
        comment = "unittest test cases; pytest would run them too, and leave a record of each"
        yield from (Planned(name, "core", run, comment) for name, run in _unittest(seen))
        return
    yield from _pytest_checks(seen)


def _pytest_checks(seen: Survey) -> Iterator[Planned]:
    markers = seen.markers
    nd, live = markers.of_lane("nd"), markers.of_lane("live")
    out = (*nd, *live)
    told = f"found by {seen.tests.told_by}"
    smoke = markers.smoke
    if markers.some_test_with(smoke, out) and markers.some_test_without((*smoke, *out)):
        only = expression(seen.settings, only=smoke, without=out)
        yield Planned("smokes", "core", _pytest(seen, only), "the tests marked as smoke tests")
        out = (*smoke, *out)
    if markers.some_test_without(out):
        left = f"{told}; without those of the other checks" if out else told
        yield Planned("tests", "core", _pytest(seen, expression(seen.settings, without=out)), left)
    if nd:
        only = expression(seen.settings, only=nd, without=live)
        yield Planned("tests_nd", "nd", _pytest(seen, only), "tests of a real model: it must be reachable")
    if live:
        only = expression(seen.settings, only=live)
        yield Planned("tests_live", "live", _pytest(seen, only), "tests of an outside provider")


def _pytest(seen: Survey, selected: str) -> str:
    paths = [_quoted(path) for path in seen.tests.paths if path != "."]
    shown = f'"{selected}"' if " " in selected else selected
    return " ".join(["pytest", *paths, *(["-m", shown] if selected else [])])


def _unittest(seen: Survey) -> Iterator[tuple[str, str]]:
    """A folder that is a package is discovered from the top, so that its relative imports work."""
    folders = sorted(
        {path if not path.endswith(".py") else os.path.dirname(path) for path in seen.tests.paths}
    )
    for number, folder in enumerate(folders):
        name = "tests" if number == 0 else f"tests_{number + 1}"
        start = f" -s {_quoted(folder)}" if folder else ""
        yield name, f"python -m unittest discover{start}{' -t .' if folder in seen.packaged else ''}"


def _quoted(path: str) -> str:
    return path if _PLAIN_WORD.issuperset(path) else "'" + path.replace("'", "'\\''") + "'"


def _defaults(seen: Survey) -> str:
    if not seen.python:
        return "# No .venv was seen, so python is the active environment's; pin one with defaults: {python: …}.\n"
    return f"defaults:\n  python: {seen.python}  # for every python and pytest of a check\n"


def _gates(lanes: list[str]) -> str:
    lines = ["gates:  # what each moment needs; strict lets skips and missing lanes decide too\n"]
    for name, wanted, strict in _GATES:
        held = [lane for lane in wanted if lane in lanes] or list(dict.fromkeys(lanes))
        lines.append(f"  {name}: {{lanes: [{', '.join(held)}]{', strict: true' if strict else ''}}}\n")
    absent = [text for lane, text in _ABSENT.items() if lane not in lanes]
    if absent:
        lines.append(f"# No check yet in lane {' or '.join(absent)}:\n# add one, then its lane to a gate.\n")
    return "".join(lines)


def _services(seen: Survey) -> str:
    if not seen.apps:
        return ""
    app = seen.apps[0]
    variable = f"{app.target.partition(':')[0].split('.')[0].upper()}_URL"
    return (
        f"# {app.framework} application at {app.where}. For checks that talk to it, uncomment this, correct the\n"
        "# path that says it is ready, and add `services: [app]` to those checks.\n"
        "# services:\n"
        "#   app:\n"
        f"#     run: uvicorn {app.target} --port {{port}}\n"
        "#     ready: http://127.0.0.1:{port}/\n"
        f"#     env: {{{variable}: 'http://127.0.0.1:{{port}}'}}\n"
    )


def _check(check: Planned, seen: Survey) -> str:
    lines = [f"  - name: {check.name}  # {check.comment}\n", f"    lane: {check.lane}\n"]
    lines.append(f"    run: {_scalar(check.run)}\n")
    if seen.import_from:
        what = f"imports {', '.join(seen.own)} from here, not from an installed copy"
        lines.append(f"    env: {{PYTHONPATH: {_scalar(seen.import_from)}}}  # {what}\n")
    if check.lane == "nd":
        lines.append("    trials: {good: 0.95, bad: 0.80, budget: {trials: 50, seconds: 600}}\n")
    if seen.inputs and check.lane == "core":
        lines.append(
            "    inputs:  # unchanged inputs need no second run; remove it to let every file count\n"
        )
        lines += [f"      - {_scalar(pattern)}\n" for pattern in seen.inputs]
    return "".join(lines)


def _scalar(text: str) -> str:
    """Plain where YAML takes it as text, else in double quotes, which JSON's escapes fit."""
    plain = text[:1].isalpha() and _PLAIN_SCALAR.issuperset(text) and text.lower() not in _YAML_WORDS
    return text if plain else json.dumps(text, ensure_ascii=False)


def _suggestions(seen: Survey) -> str:
    others = [name for name in seen.targets if seen.runner != "make" or name not in seen.tests.paths]
    if not others:
        return ""
    lines = [f"  # - {{name: make_{name}, lane: core, run: make {name}}}\n" for name in others]
    return "".join(["  # Make targets that could be checks, if they need no network:\n", *lines])

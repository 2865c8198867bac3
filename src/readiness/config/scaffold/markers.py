"""Which lanes the markers of the tests tell of, and whether each would hold a test."""

from __future__ import annotations

import ast
import re
from itertools import pairwise

from readiness.config.scaffold.tree import text_of
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Final, TypeGuard

    from readiness.config.pytest_settings import PytestSettings

LANE_BY_MARKER: Final = {
    "nd": "nd",
    "nd_real": "nd",
    "ndsmoke": "nd",
    "nondeterministic": "nd",
    "non_deterministic": "nd",
    "real_model": "nd",
    "live": "live",
    "network": "live",
    "online": "live",
    "internet": "live",
    "external": "live",
    "remote_data": "live",
}
KEPT_IN_CORE: Final = {
    "integration": "if they need a service, declare it under `services:` and name it in their check",
    "slow": "if dev should not wait for them, give them a check of their own",
}
"""Markers that tell too little to move tests by: what to do where they matter."""
SMOKE: Final = ("smoke", "smokes", "smoketest")
PLUGIN_BY_MARKER: Final = {"asyncio": "pytest_asyncio", "trio": "pytest_trio", "django_db": "pytest_django"}
PLUGIN_BY_SETTING: Final = {
    "asyncio_": "pytest_asyncio",
    "timeout": "pytest_timeout",
    "DJANGO_": "pytest_django",
    "django_": "pytest_django",
}
PLUGIN_BY_OPTION: Final = {
    "--cov": "pytest_cov",
    "-n": "xdist",
    "--timeout": "pytest_timeout",
    "--asyncio-mode": "pytest_asyncio",
    "--benchmark": "pytest_benchmark",
}
_MARK: Final = re.compile(r"\bmark\.([A-Za-z_]\w*)")
_OUTSIDE: Final = ("KEY", "TOKEN", "SECRET", "API", "LIVE", "REAL", "ONLINE", "NETWORK", "PROVIDER")
_GATED: Final = re.compile(r"""(?:environ(?:\.get)?\s*[\[(]|getenv\()\s*["']([A-Z][A-Z0-9_]*)["']""")


@value
class Markers:
    """The markers of each test, those in use anywhere, and by file the variables that some tests skip without.

    `of_tests` holds what is certain: a mark inside `parametrize` is on some runs of its test only, so it is
    `used` and not in there.
    """

    of_tests: tuple[frozenset[str], ...]
    used: frozenset[str]
    gates: Mapping[str, tuple[str, ...]]

    def of_lane(self, lane: str) -> tuple[str, ...]:
        """The markers in use that put a test into that lane."""
        return tuple(sorted(name for name in self.used if LANE_BY_MARKER.get(name) == lane))

    @property
    def smoke(self) -> tuple[str, ...]:
        return tuple(name for name in SMOKE if name in self.used)

    def some_test_without(self, markers: Iterable[str]) -> bool:
        """True when leaving out the tests with these markers leaves at least one."""
        return any(marks.isdisjoint(markers) for marks in self.of_tests)

    def some_test_with(self, markers: Iterable[str], without: Iterable[str]) -> bool:
        """True when a test certainly has one of the markers, and certainly none of the others."""
        return any(not marks.isdisjoint(markers) and marks.isdisjoint(without) for marks in self.of_tests)


def read_markers(root: str, files: Iterable[str], conftests: Iterable[str] = ()) -> Markers:
    """Read the markers off the test files, and find skips that hang on an environment variable.

    A conftest file can put markers on tests as well; which tests, only a run would tell.
    """
    of_tests: list[frozenset[str]] = []
    used = {name for path in conftests for name in _MARK.findall(text_of(root, path))}
    gates: dict[str, tuple[str, ...]] = {}
    for path in files:
        text = text_of(root, path)
        used.update(_MARK.findall(text))
        of_tests += _tests_in(text)
        names = dict.fromkeys(_GATED.findall(text)) if "skip" in text else {}
        outside = tuple(name for name in names if any(word in name for word in _OUTSIDE))
        if outside:
            gates[path] = outside
    return Markers(tuple(of_tests), frozenset(used), gates)


def _tests_in(text: str) -> Iterator[frozenset[str]]:
    """The markers of every test of a file: its own, its classes' and its module's."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return
    yield from _tests_of(tree.body, frozenset())


def _tests_of(body: list[ast.stmt], outer: frozenset[str]) -> Iterator[frozenset[str]]:
    shared = outer.union(*(_marks(node.value) for node in body if _assigns_marks(node)))
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from _tests_of(node.body, shared.union(*map(_marks, node.decorator_list)))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
            yield shared.union(*map(_marks, node.decorator_list))


def _assigns_marks(node: ast.stmt) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets
    )


def _marks(node: ast.expr) -> frozenset[str]:
    names = _MARK.findall(ast.unparse(node))
    return frozenset(names[:1] if names[:1] == ["parametrize"] else names)


def needed_plugins(markers: Markers, settings: PytestSettings) -> tuple[str, ...]:
    """Modules of the pytest plugins that the markers and the settings cannot do without."""
    by_marker = {module for name, module in PLUGIN_BY_MARKER.items() if name in markers.used}
    by_option = {
        module
        for option, module in PLUGIN_BY_OPTION.items()
        for word in settings.addopts
        if word == option or word.startswith((f"{option}=", f"{option}-"))
    }
    by_setting = {
        module
        for prefix, module in PLUGIN_BY_SETTING.items()
        if any(name.startswith(prefix) for name in settings.options)
    }
    return tuple(sorted(by_marker | by_option | by_setting))


def expression(settings: PytestSettings, *, only: Iterable[str] = (), without: Iterable[str] = ()) -> str:
    """What to give to `-m`; empty for all tests. `-m` of `addopts`, which ours would replace, is kept in it."""
    wanted, unwanted = " or ".join(only), " or ".join(without)
    parts = [f"({wanted})" if " " in wanted else wanted] if wanted else []
    parts += [f"not ({unwanted})" if " " in unwanted else f"not {unwanted}"] if unwanted else []
    already = _marker_option(settings.addopts)
    return " and ".join([*parts, f"({already})"] if parts and already else parts)


def _marker_option(addopts: tuple[str, ...]) -> str:
    for word, following in pairwise([*addopts, ""]):
        if word == "-m":
            return following
        if word.startswith("-m"):
            return word[2:].removeprefix("=")
    return ""

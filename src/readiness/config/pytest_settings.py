"""What a project tells pytest: where its tests are, which markers it has, what is added to every command line.

Source: pytest 9 reference, "Configuration file formats" and "Initialization: determining rootdir and configfile".
"""

from __future__ import annotations

import os

from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

_INI: Final = (
    ("pytest.ini", "pytest"),
    (".pytest.ini", "pytest"),
    ("pyproject.toml", ""),
    ("tox.ini", "pytest"),
    ("setup.cfg", "tool:pytest"),
)
DEFAULT_FILES: Final = ("test_*.py", "*_test.py")
_LARGEST: Final = 1_000_000


@value
class PytestSettings:
    """The settings that matter here; `file` is empty when the project has none for pytest.

    `markers` holds names only. `narrowed` is True when `addopts` selects or leaves out tests.
    """

    file: str = ""
    testpaths: tuple[str, ...] = ()
    pythonpath: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    addopts: tuple[str, ...] = ()
    python_files: tuple[str, ...] = DEFAULT_FILES
    options: tuple[str, ...] = ()
    """The name of every option that is set, those of plugins too."""

    @property
    def narrowed(self) -> bool:
        return any(
            word.startswith(("-k", "-m", "--ignore", "--deselect", "--lf", "--last-failed"))
            for word in self.addopts
        )


class UnreadableSettings(ValueError):
    """A settings file that pytest would refuse as well; says which and why."""


def read_pytest_settings(root: str) -> PytestSettings:
    """The settings of the project at `root`. Raises UnreadableSettings."""
    for name, section in _INI:
        path = os.path.join(root, name)
        if not os.path.isfile(path):
            continue
        values = _pyproject(path, name) if name == "pyproject.toml" else _ini(path, name, section)
        if values is not None or name in ("pytest.ini", ".pytest.ini"):
            return _settings(name, values or {})
    return PytestSettings()


def _settings(file: str, values: Mapping[str, Any]) -> PytestSettings:
    markers = _lines(values.get("markers"))
    return PytestSettings(
        file=file,
        testpaths=_words(values.get("testpaths")),
        pythonpath=_words(values.get("pythonpath")),
        markers=tuple(marker.partition(":")[0].partition("(")[0].strip() for marker in markers),
        addopts=_words(values.get("addopts")),
        python_files=_words(values.get("python_files")) or DEFAULT_FILES,
        options=tuple(sorted(values)),
    )


def _text(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read(_LARGEST)


def _pyproject(path: str, name: str) -> Mapping[str, Any] | None:
    text = _text(path)
    if "[tool.pytest" not in text:
        return None
    import tomllib

    try:
        tool = tomllib.loads(text).get("tool", {}).get("pytest", {})
    except tomllib.TOMLDecodeError as error:
        raise UnreadableSettings(f"{name}: {error}") from error
    found: Mapping[str, Any] = tool.get("ini_options", tool)
    return found


def _ini(path: str, name: str, section: str) -> Mapping[str, str] | None:
    text = _text(path)
    if f"[{section}]" not in text:
        return None
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False, inline_comment_prefixes=("#",))
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UnreadableSettings(f"{name}: {str(error).splitlines()[0]}") from error
    return parser[section] if parser.has_section(section) else None


def _lines(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(line.strip() for line in value.splitlines() if line.strip())
    return tuple(str(item) for item in value) if isinstance(value, list) else ()


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        import shlex

        try:
            return tuple(shlex.split(value))
        except ValueError:  # a quote that is never closed
            return tuple(value.split())
    return tuple(str(item) for item in value) if isinstance(value, list) else ()

"""Everything that decides what is written: the project as it was found, and the notes that tell of it."""

from __future__ import annotations

import os

from readiness.config.pytest_settings import UnreadableSettings, read_pytest_settings
from readiness.config.scaffold.extras import find_apps, make_targets, running_target
from readiness.config.scaffold.imports import Imports, conftests, imports_of, is_compiled
from readiness.config.scaffold.inputs import inputs_of
from readiness.config.scaffold.interpreter import ask_interpreter
from readiness.config.scaffold.markers import KEPT_IN_CORE, Markers, needed_plugins, read_markers
from readiness.config.scaffold.tree import Tests, find_tests, python_files
from readiness.record.value import value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from readiness.config.pytest_settings import PytestSettings
    from readiness.config.scaffold.extras import App
    from readiness.config.scaffold.interpreter import Interpreter


class ScaffoldError(Exception):
    """No configuration can be written for this project; the message says why and what to do."""


@value
class Survey:
    """A project as `readiness init` sees it.

    `runner` is `pytest`, `unittest` or `make`. `python` is the interpreter as the configuration names it,
    empty when it need not. `import_from` is the folder that must be on PYTHONPATH, or empty. `own` are the
    packages of the project that the tests import, `packaged` the test folders that are packages.
    """

    settings: PytestSettings
    tests: Tests
    runner: str
    markers: Markers
    python: str
    import_from: str
    own: tuple[str, ...]
    packaged: tuple[str, ...]
    inputs: tuple[str, ...]
    apps: tuple[App, ...]
    targets: tuple[str, ...]
    notes: tuple[str, ...] = ()


def survey(root: str, environ: Mapping[str, str] | None = None) -> Survey:
    """Look at the project in `root`. Raises ScaffoldError when it has nothing to check."""
    if not os.path.isdir(root):
        raise ScaffoldError(f"{root}: no such folder")
    settings = _settings(root)
    files = python_files(root)
    tests = find_tests(root, files, settings)
    targets = make_targets(root)
    if tests is None:
        return _by_make(root, settings, targets)
    markers = read_markers(root, tests.files, conftests(root, tests.files))
    imports = imports_of(root, tests.files)
    runner = _runner(settings, imports)
    plugins = needed_plugins(markers, settings) if runner == "pytest" else ()
    modules = {runner, *plugins, *imports.foreign, *(package.name for package in imports.own)}
    interpreter = ask_interpreter(root, sorted(modules), os.environ if environ is None else environ)
    import_from, why = _import_from(root, tests, imports, settings, runner, interpreter)
    notes = _notes(tests, markers, interpreter, [runner, *plugins, *imports.foreign])
    return Survey(
        settings=settings,
        tests=tests,
        runner=runner,
        markers=markers,
        python=interpreter.configured,
        import_from=import_from,
        own=tuple(package.name for package in imports.own),
        packaged=tuple(
            path for path in tests.paths if os.path.isfile(os.path.join(root, path, "__init__.py"))
        ),
        inputs=inputs_of(root, tests, imports),
        apps=find_apps(root, [path for path in files if path not in tests.files]),
        targets=targets,
        notes=(*notes, *([why] if why else [])),
    )


def _settings(root: str) -> PytestSettings:
    try:
        return read_pytest_settings(root)
    except UnreadableSettings as error:
        raise ScaffoldError(f"{error}; pytest could not read it either, so correct it first") from error


def _by_make(root: str, settings: PytestSettings, targets: tuple[str, ...]) -> Survey:
    """A project whose tests are not Python's: its make target, if it has one that can fail."""
    target = running_target(root, targets)
    if not target:
        raise ScaffoldError(
            f"{root}: no tests were found (looked for {', '.join(settings.python_files)}, and for a make target"
            " `test` or `check` that can fail); write a first one, such as tests/test_smoke.py, or write"
            " readiness.yml by hand"
        )
    tests = Tests((target,), (), "the Makefile")
    note = f"no Python tests were found; the make target `{target}` is the check"
    markers = Markers((), frozenset(), {})
    return Survey(settings, tests, "make", markers, "", "", (), (), (), (), targets, (note,))


def _runner(settings: PytestSettings, imports: Imports) -> str:
    """`unittest` only for a project in which nothing speaks of pytest."""
    speaks = bool(settings.file) or any(name.startswith(("pytest", "_pytest")) for name in imports.foreign)
    return "pytest" if speaks or not imports.uses_unittest else "unittest"


def _import_from(
    root: str,
    tests: Tests,
    imports: Imports,
    settings: PytestSettings,
    runner: str,
    interpreter: Interpreter,
) -> tuple[str, str]:
    """The folder that the tests must import the project from, so that no installed copy is tested instead.

    Empty when they do already: the project is installed in place, or pytest's `pythonpath` or its own
    insertion of folders sees to it. Also when it has compiled parts, which only an installed copy has. With a note.
    """
    for package in imports.own:
        origin = interpreter.origins.get(package.name)
        if origin and os.path.realpath(origin).startswith(
            os.path.realpath(os.path.join(root, package.base, package.name))
        ):
            continue
        if package.base in settings.pythonpath or _inserted(root, tests, settings, runner, package.base):
            continue
        if not is_compiled(root, package):
            return package.base, f"the tests import {package.name} from {package.base}/, by PYTHONPATH"
        told = f"{package.name} has compiled parts"
        if origin:
            return "", f"{told}: the tests use the installed one, as it was built last"
        return package.base, f"{told} and is not installed: the tests see only what lies in {package.base}/"
    return "", ""


def _inserted(root: str, tests: Tests, settings: PytestSettings, runner: str, base: str) -> bool:
    """True when the test runner itself puts the project's folder first on the path.

    `python -m unittest` does. pytest does for the folder above the outermost package of a test file, and for
    that of a conftest.py; not with `--import-mode=importlib`.
    """
    if base != ".":
        return False
    if runner == "unittest":
        return True
    if any("import-mode" in word and "prepend" not in word for word in settings.addopts):
        return False
    conftest = os.path.isfile(os.path.join(root, "conftest.py"))
    return conftest or all(_package_chain_reaches_root(root, path) for path in tests.files)


def _package_chain_reaches_root(root: str, path: str) -> bool:
    folder = os.path.dirname(path)
    while folder and os.path.isfile(os.path.join(root, folder, "__init__.py")):
        folder = os.path.dirname(folder)
    return not folder


def _notes(tests: Tests, markers: Markers, interpreter: Interpreter, modules: list[str]) -> Iterator[str]:
    yield f"{len(tests.files)} test files in {', '.join(tests.paths[:5])} ({tests.told_by})"
    if tests.left_out:
        yield f"left out, as they lie elsewhere: {', '.join(tests.left_out[:5])}"
    if interpreter.trouble:
        yield interpreter.trouble
    lacking = [name for name in modules if interpreter.lacks(name)]
    if lacking:
        shown = interpreter.configured or interpreter.path
        yield f"{shown} lacks {', '.join(lacking)}: install that first, or the check cannot pass"
    for marker, advice in KEPT_IN_CORE.items():
        if marker in markers.used:
            yield f"tests marked {marker} run in lane core; {advice}"
    for path, names in list(markers.gates.items())[:5]:
        yield f"{path} may skip, depending on {', '.join(names[:3])}: tests that need a provider belong in lane live"

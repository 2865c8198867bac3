"""Candidates for one cause in files that are texts: nothing is run, nothing is written."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from readiness.isolation.patch.candidates import candidates
from readiness.isolation.patch.edit import edited
from readiness.isolation.patch.files import Files
from readiness.isolation.patch.source import Source
from readiness.record.finding import Cause

VICTIM = "import app\n\n\ndef test_victim():\n    assert app.LIMIT == 3\n"


class Texts:
    """The candidates for a cause, and the texts that each of them makes."""

    def __init__(self, files: dict[str, str]) -> None:
        self.texts = {"test_b.py": VICTIM, **files}
        self.sources: dict[str, Source] = {}

    def read(self, path: str) -> Source | None:
        if path in self.texts and path not in self.sources:
            self.sources[path] = Source(path, self.texts[path].encode())
        return self.sources.get(path)

    def is_module(self, name: str) -> bool:
        return (
            f"{name.replace('.', '/')}.py" in self.texts or name in sys.stdlib_module_names or name == "app"
        )

    def made(
        self, cause: Cause, *, test: str = "test_b.py::test_victim", brittle: bool = False
    ) -> list[dict[str, str]]:
        found, self.why = candidates(test, cause, Files(self.read, self.is_module), brittle=brittle)
        self.sides = [one.side for one in found]
        return [
            {
                path: edited(self.sources[path], one.edits).decode()
                for path in {edit.path for edit in one.edits}
            }
            for one in found
        ]


@pytest.fixture
def texts() -> Callable[..., Texts]:
    return lambda **files: Texts({f"{name}.py": text for name, text in files.items()})


@pytest.fixture
def first(texts: Callable[..., Texts]) -> Callable[..., str]:
    """The first edit of `test_a.py`, whose line that ends with `# here` wrote the state."""

    def make(source: str, state: str, before: str = "3", after: str = "5", **more: str) -> str:
        line = next(number for number, text in enumerate(source.splitlines(), 1) if text.endswith("# here"))
        where = f"test_a.py:{line}"
        facts = {
            "polluter": "test_a.py::test_polluter",
            "kind": "test",
            "where": where,
            "stack": (where,),
            **more,
        }
        cause = Cause(state=state, before=before, after=after, proof="forked", **facts)
        return texts(test_a=source).made(cause)[0]["test_a.py"]

    return make

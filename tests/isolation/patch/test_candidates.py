"""Edits from text to text: the one that is tried first for each kind of write, and where there is none."""

from __future__ import annotations

import pytest

from readiness.record.finding import Cause

TEST = "def test_polluter():\n    {}  # here\n"
PATCHED = "def test_polluter(monkeypatch):\n    {}  # here\n"
DIRECT = [
    ("app.LIMIT = 5", "app.LIMIT", "3", 'monkeypatch.setattr(app, "LIMIT", 5)'),
    ("app.LIMIT = 5", "app.LIMIT", "absent", 'monkeypatch.setattr(app, "LIMIT", 5, raising=False)'),
    ('setattr(app, "LIM" + "IT", 5)', "app.LIMIT", "3", 'monkeypatch.setattr(app, "LIM" + "IT", 5)'),
    ("del app.LIMIT", "app.LIMIT", "3", 'monkeypatch.delattr(app, "LIMIT")'),
    (
        "app.Client.send = fake",
        "app.Client.send",
        "function",
        'monkeypatch.setattr(app.Client, "send", fake)',
    ),
    ('app.routes["/"] = 1', "app.routes['/']", "2", 'monkeypatch.setitem(app.routes, "/", 1)'),
    ('app.routes.pop("/")', "app.routes['/']", "2", 'monkeypatch.delitem(app.routes, "/")'),
    ('os.environ["A"] = "1"', "os.environ['A']", "absent", 'monkeypatch.setenv("A", "1")'),
    ('os.environ.pop("A", None)', "os.environ['A']", "'1'", 'monkeypatch.delenv("A", raising=False)'),
    ('del os.environ["A"]', "os.environ['A']", "'1'", 'monkeypatch.delenv("A")'),
    ('os.putenv("A", "1")', "os.environ['A']", "absent", 'monkeypatch.setenv("A", "1")'),
    (
        'os.environ.setdefault("A", "1")',
        "os.environ['A']",
        "absent",
        'monkeypatch.setenv("A", os.environ.get("A", "1"))',
    ),
    ('os.environ.update(A="1")', "os.environ['A']", "absent", 'monkeypatch.setenv("A", "1")'),
    ('os.chdir("/")', "cwd", "'/home'", 'monkeypatch.chdir("/")'),
    ('sys.path.insert(0, "/x")', "sys.path", "['/a']", 'monkeypatch.syspath_prepend("/x")'),
    (
        "sys.modules['app'] = None",
        "sys.modules['app']",
        "module app",
        "monkeypatch.setitem(sys.modules, 'app', None)",
    ),
    ("pytest.MonkeyPatch().setattr(app, 'x', 1)", "app.x", "0", "monkeypatch.setattr(app, 'x', 1)"),
]


@pytest.mark.parametrize(("write", "state", "before", "said"), DIRECT, ids=[one[0] for one in DIRECT])
def test_a_write_is_said_through_monkeypatch(first, write, state, before, said):
    source = "import os\nimport sys\n\nimport app\nimport pytest\n\n\n"
    assert first(source + TEST.format(write), state, before) == source + PATCHED.format(said)


def test_each_variable_of_an_update_is_set_by_itself(first):
    source = 'import os\n\n\ndef test_polluter():\n    os.environ.update({"A": "1"}, B="2")  # here\n'
    assert first(source, "os.environ['B']", "absent").endswith(
        'def test_polluter(monkeypatch):\n    monkeypatch.setenv("A", "1")\n    monkeypatch.setenv("B", "2")  # here\n'
    )


KEPT = [
    ("app.bump()", "app.count", "0", "1", 'monkeypatch.setattr(app, "count", app.count)'),
    (
        "app.hooks.append(1)",
        "app.hooks",
        "[]",
        "[1]",
        'monkeypatch.setattr(app, "hooks", copy.copy(app.hooks))',
    ),
    ("sys.path[:] = []", "sys.path", "['/a']", "[]", 'monkeypatch.setattr(sys, "path", list(sys.path))'),
]


@pytest.mark.parametrize(("write", "state", "before", "after", "keep"), KEPT, ids=[one[0] for one in KEPT])
def test_what_is_written_elsewhere_is_replaced_by_itself_first(first, write, state, before, after, keep):
    source = "import copy\nimport sys\n\nimport app\n\n\n"
    kept = source + PATCHED.format(write).replace("    ", f"    {keep}\n    ", 1)
    assert first(source + TEST.format(write), state, before, after) == kept


FINALIZED = [
    (
        "decimal.setcontext(x)",
        "the decimal context",
        "functools.partial(decimal.setcontext, decimal.getcontext().copy())",
    ),
    ("random.seed(1)", "the state of random", "functools.partial(random.setstate, random.getstate())"),
    ("os.umask(0)", "umask", None),
    ("gc.disable()", "gc", "gc.enable"),
    ("mock.patch('a.b').start()", "app.b", "mock.patch.stopall"),
    ("patcher.start()", "app.b", "patcher.stop"),
    ("app.home()", "the cache of app.home", "app.home.cache_clear"),
]


@pytest.mark.parametrize(("write", "state", "finalizer"), FINALIZED, ids=[one[0] for one in FINALIZED])
def test_the_rest_is_undone_by_a_finalizer(first, write, state, finalizer):
    text = first(f"import app\n\n\n{TEST.format(write)}", state, "enabled" if state == "gc" else "0")
    assert "def test_polluter(request):" in text
    if finalizer:
        assert f"    request.addfinalizer({finalizer})\n    {write}" in text
    else:
        assert "    request.addfinalizer(functools.partial(os.umask, os.umask(0)))  # here" in text


def test_imports_go_where_their_like_are(first):
    source = (
        '"""Doc."""\n\nfrom __future__ import annotations\n\nimport locale\nimport sys\n\nimport app\n\n\n'
    )
    text = first(source + TEST.format("locale.setlocale(0, 'C')"), "locale", "'C.UTF-8'")
    assert "import annotations\n\nimport functools\nimport locale\nimport sys\n\nimport app\n\n\n" in text
    text = first("import app\n\n\n" + TEST.format("use()"), "app.hooks", "[]", "[1]")
    assert text.startswith("import copy\n\nimport app\n\n\ndef")
    text = first("def use(): pass\n\n\n" + TEST.format("use()"), "gc", "enabled")
    assert text.startswith("import gc\n\n\ndef use")


def test_a_module_is_called_what_the_file_calls_it(first):
    for line, spelled in [
        ("import app as ap", "ap"),
        ("from app import sub, count", "app"),
        ("import app.sub", "app"),
    ]:
        text = first(f"{line}\n\n\n{TEST.format('bump()')}", "app.count")
        assert f'monkeypatch.setattr({spelled}, "count", {spelled}.count)' in text
    assert first("from app import sub\n\n\n" + TEST.format("bump()"), "app.count").startswith("import app\n")


def test_parameters_go_behind_those_that_must_be_given(first):
    body = "\n    app.LIMIT = 5  # here\n"
    for before, after in [
        ("(self)", "(self, monkeypatch)"),
        ("(a, b=1)", "(a, monkeypatch, b=1)"),
        ("(*, a)", "(monkeypatch, *, a)"),
        ("(a: int)", "(a: int, monkeypatch)"),
        ("(monkeypatch)", "(monkeypatch)"),
        ("(\n    a,\n)", "(\n    a, monkeypatch,\n)"),
    ]:
        text = first(f"import app\n\n\ndef test_polluter{before}:{body}", "app.LIMIT")
        assert f"def test_polluter{after}:" in text


def test_line_ends_and_several_statements_on_a_line_stay(first):
    text = first("import app\r\ndef test_polluter():\r\n    app.LIMIT = 5  # here\r\n", "app.LIMIT")
    assert text.count("\r\n") == 3
    assert "\n" not in text.replace("\r\n", "")
    text = first("import app\ndef test_polluter(): x = 1; app.bump()  # here\n", "app.count")
    assert "    " not in text
    assert (
        'x = 1; monkeypatch.setattr(app, "count", app.count); app.bump()' in text
        or 'monkeypatch.setattr(app, "count", app.count); x = 1' in text
    )


FIXTURE = 'import app\nimport pytest\n\n\n@pytest.fixture(scope="{}")\ndef high():\n    app.LIMIT = 5  # here\n    yield\n'


def test_a_wider_fixture_undoes_at_its_own_end(first):
    facts = {
        "polluter": "test_a.py::high",
        "kind": "fixture",
        "scope": "module",
        "during": "test_a.py::test_one",
    }
    text = first(FIXTURE.format("module"), "app.LIMIT", **facts)
    assert text.endswith(
        "def high(request):\n    patches = pytest.MonkeyPatch()\n    request.addfinalizer(patches.undo)\n"
        '    patches.setattr(app, "LIMIT", 5)  # here\n    yield\n'
    )


def test_a_fixture_that_outlives_its_file_gets_a_narrower_scope(first):
    facts = {
        "polluter": "test_a.py::high",
        "kind": "fixture",
        "scope": "session",
        "during": "test_a.py::test_one",
    }
    assert '@pytest.fixture(scope="module")' in first(FIXTURE.format("session"), "app.LIMIT", **facts)


def test_unittest_has_cleanups(first):
    source = "import unittest\n\nimport app\n\n\nclass TestA(unittest.TestCase):\n    {}\n        app.LIMIT = 5  # here\n"
    facts = {"polluter": "test_a.py::TestA::test_polluter"}
    text = first(source.format("def test_polluter(self):"), "app.LIMIT", **facts)
    assert 'self.addCleanup(setattr, app, "LIMIT", app.LIMIT)\n        app.LIMIT = 5' in text
    text = first(source.format("@classmethod\n    def setUpClass(cls):"), "app.LIMIT", **facts)
    assert 'cls.addClassCleanup(setattr, app, "LIMIT", app.LIMIT)\n        app.LIMIT = 5' in text


def test_set_up_of_a_module_becomes_the_fixture_that_it_stands_for(first):
    source = 'import os\n\n\ndef setup_module():\n    os.environ["A"] = "1"  # here\n'
    text = first(
        source,
        "os.environ['A']",
        "absent",
        polluter="test_a.py::setup_module",
        kind="fixture",
        scope="module",
    )
    assert '@pytest.fixture(autouse=True, scope="module")\ndef setup_module(request):\n' in text
    assert 'patches.setenv("A", "1")' in text
    assert "import pytest\n" in text


def test_an_import_that_writes_becomes_a_fixture(texts):
    source = 'import os\n\nos.environ["A"] = "1"\n\n\ndef test_one():\n    pass\n'
    cause = Cause(
        "test_a.py", "os.environ['A']", "absent", "'1'", "test_a.py", "forked", exact=False, kind="import"
    )
    text = texts(test_a=source).made(cause)[0]["test_a.py"]
    assert '\nos.environ["A"] = "1"' not in text
    assert '    patches.setenv("A", "1")\n\n\ndef test_one' in text


def test_the_last_resorts_are_a_guard_and_the_victim(texts):
    source = "import app\n\n\ndef test_polluter():\n    app.LIMIT = 5\n"
    cause = Cause(
        "test_a.py::test_polluter", "app.LIMIT", "3", "5", "test_a.py:5", "forked", stack=("test_a.py:5",)
    )
    given = texts(test_a=source)
    made = given.made(cause)
    assert given.sides[-2:] == ["guard", "victim"]
    assert (
        '@pytest.fixture(autouse=True)\ndef keep_app_limit(monkeypatch):\n    monkeypatch.setattr(app, "LIMIT", app.LIMIT)\n'
        in made[-2]["test_a.py"]
    )
    assert (
        'def test_victim(monkeypatch):\n    monkeypatch.setattr(app, "LIMIT", 3)\n' in made[-1]["test_b.py"]
    )


def test_a_victim_of_the_loop_gets_its_own(texts):
    victim = (
        "import asyncio\n\n\ndef test_victim():\n    asyncio.get_event_loop().run_until_complete(main())\n"
    )
    cause = Cause("test_a.py::test_polluter", "the current event loop", "a", "b", "test_a.py:2", "forked")
    given = texts(test_a="def test_polluter():\n    pass\n", test_b=victim)
    assert "    asyncio.run(main())\n" in given.made(cause)[0]["test_b.py"]
    assert given.sides[0] == "victim"


def test_a_brittle_test_sets_up_what_it_needs_where_a_literal_says_it(texts):
    cause = Cause("test_a.py::test_polluter", "app.LIMIT", "3", "5", "test_a.py:2", "forked")
    given = texts(test_a="def test_polluter():\n    pass\n")
    assert 'monkeypatch.setattr(app, "LIMIT", 5)' in given.made(cause, brittle=True)[0]["test_b.py"]
    cause = Cause("test_a.py::test_polluter", "app.LIMIT", "3", "<app.Thing object>", "test_a.py:2", "forked")
    assert given.made(cause, brittle=True) == []
    assert "cannot be said" in given.why


def test_an_unknown_state_is_guessed_at_from_the_polluter_s_writes(texts):
    source = (
        "import os\nimport app\n\n\ndef test_polluter():\n    own = {}\n    own['x'] = 1\n    app.LIMIT = 5\n"
        "    os.chdir('/')\n\n\ndef test_other():\n    os.chdir('/')\n"
    )
    cause = Cause("test_a.py::test_polluter", "", "", "", "test_a.py:5", "forked", exact=False)
    made, everywhere = (one["test_a.py"] for one in texts(test_a=source).made(cause))
    assert "    own['x'] = 1\n" in made
    assert "    monkeypatch.setattr(app, \"LIMIT\", 5)\n    monkeypatch.chdir('/')\n" in made
    assert (made.count("monkeypatch.chdir"), everywhere.count("monkeypatch.chdir")) == (1, 2)


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("app.keep (its variable kept)", "no expression reaches"),
        ("", "the state that leaks is not known"),
        ("nothing.known", "no expression reaches"),
    ],
)
def test_what_no_code_reaches_has_no_candidate(texts, state, why):
    cause = Cause("test_a.py::test_polluter", state, "a", "b", "test_a.py:2", "forked", exact=False)
    given = texts(test_a="def test_polluter():\n    pass\n")
    assert given.made(cause) == []
    assert why in given.why


def test_a_file_that_cannot_be_parsed_is_said(texts):
    cause = Cause(
        "test_a.py::test_polluter", "app.LIMIT", "3", "5", "test_a.py:1", "forked", stack=("test_a.py:1",)
    )
    given = texts(test_a="def broken(:\n")
    assert given.made(cause) == []
    assert "test_a.py cannot be parsed here" in given.why

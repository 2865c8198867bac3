from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from readiness.config.fields import PATTERNS, SECTIONS
from readiness.config.load import parse_config
from readiness.config.model import Ready
from readiness.config.sections import NESTED
from readiness.config.values import READERS, is_tcp, is_url

VARIABLE_ADVICE = "use letters, digits and _, and do not begin with a digit"


def test_every_kind_of_the_table_has_one_reader() -> None:
    used = {field.kind for fields in SECTIONS.values() for field in fields.values()}
    assert used == set(READERS) | set(NESTED)
    assert not set(READERS) & set(NESTED)


@given(st.text(alphabet="htps:/.a{} \n", max_size=12) | st.just("http://") | st.just("https://a/ b"))
@example("https://a")
def test_urls_are_at_least_as_strict_as_the_schema(text: str) -> None:
    if is_url(text):
        assert re.search(PATTERNS["url"], text)
        assert not re.search(r"\s", text)


@given(st.text(alphabet="a:129{port}", max_size=9))
@example("a:{port}")
@example("a:65536")
def test_addresses_are_at_least_as_strict_as_the_schema(text: str) -> None:
    if is_tcp(text):
        assert re.search(PATTERNS["tcp"], text)


@pytest.mark.parametrize(
    ("extra", "told"),
    [
        ("services: agent", '6:15: `services` must be a list of names, not "agent"; write [agent]'),
        ("needs: 3", '6:12: `needs` must be a list of names, not the number "3"; write [3]'),
        ("inputs: {a: b}", "6:13: `inputs` must be a list of paths or globs inside the project, not a mapping; "
         "see `inputs` in docs/config.md"),
        ("inputs: [src, 3]", '6:19: `inputs` must be a list of paths or globs inside the project, not the number "3"; '
         "write [3]"),
        ("inputs: [../x]", '6:14: `inputs` leaves the project: "../x"; write a path from the project\'s root, without ..'),
        ("inputs: !!set {a}", "6:13: `inputs` must be a list of paths or globs inside the project, not a value with "
         'the tag "tag:yaml.org,2002:set"; remove the tag'),
        ("locks: [gpu, db, gpu]", '6:22: `locks` holds "gpu" twice, first at f:6:13; keep one of them'),
        ("locks: [the gpu]", '6:13: `locks` is "the gpu", which cannot name a file; use at most 100 letters, digits, '
         "_ . - and begin with a letter, digit or _"),
        ("requires_env: [OPENAI-KEY]", f'6:20: "OPENAI-KEY" cannot name an environment variable; {VARIABLE_ADVICE}'),
        ("env: {1A: b}", f'6:11: "1A" cannot name an environment variable; {VARIABLE_ADVICE}'),
        ("env: {A B: b}", f'6:11: "A B" cannot name an environment variable; {VARIABLE_ADVICE}'),
        ("env: {A=B: b}", f'6:11: "A=B" cannot name an environment variable; {VARIABLE_ADVICE}'),
        ("env: [A=b]", "6:10: `env` must be a mapping of environment variables, not a list; see `env` in docs/config.md"),
        ("env: A=b", '6:10: `env` must be a mapping of environment variables, not "A=b"; write NAME: value lines below it'),
        ("env: {A: [b]}", '6:14: the variable "A" must be text or a number, not a list; write it in quotes'),
        ("env: {A: {b: c}}", '6:14: the variable "A" must be text or a number, not a mapping; write it in quotes'),
        ("env: {A: !x b}", '6:14: the variable "A" must be text or a number, not a value with the tag "!x"; '
         "write it in quotes"),
        ("env: {A: }", '6:14: the variable "A" has no value; write "" for an empty one'),
        ("env: {A: null}", '6:14: the variable "A" has no value; write "" for an empty one'),
        (r'env: {A: "\0"}', '6:14: the variable "A" holds a NUL character; remove it: no command or file can hold one'),
        ("env: {A: b, C: d, A: e}", '6:23: the key "A" is given twice, first at f:6:11; keep one of them'),
    ],
)  # fmt: skip
def test_a_wrong_collection_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], check_with: Callable[[str], str], extra: str, told: str
) -> None:
    assert faults_of(check_with(extra)) == [told]


@pytest.mark.parametrize(
    ("ready", "told"),
    [
        ("ftp://x", "`ready` must be http(s)://…, tcp://host:port, log:/pattern/, or a mapping with one key, "
         'not "ftp://x"; see `ready` in docs/config.md'),
        ("http://", "`ready` must be http(s)://…, tcp://host:port, log:/pattern/, or a mapping with one key, "
         'not "http://"; see `ready` in docs/config.md'),
        ("tcp://a", "`ready` must be http(s)://…, tcp://host:port, log:/pattern/, or a mapping with one key, "
         'not "tcp://a"; see `ready` in docs/config.md'),
        ("log://", "`ready` must be http(s)://…, tcp://host:port, log:/pattern/, or a mapping with one key, "
         'not "log://"; see `ready` in docs/config.md'),
        ("8080", "`ready` must be http(s)://…, tcp://host:port, log:/pattern/, or a mapping with one key, "
         'not the number "8080"; write "8080" in quotes'),
        ("[a]", "`ready` must be http(s)://…, tcp://host:port, log:/pattern/, or a mapping with one key, "
         "not a list; see `ready` in docs/config.md"),
        ("log:/a(/", '"a(" is not a regular expression: missing ), unterminated subpattern at position 1; '
         "see the syntax of Python's re"),
        ("{}", "`ready` must have one key, not 0; write one of url, tcp, log, command"),
    ],
)  # fmt: skip
def test_a_wrong_ready_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], service_with: Callable[[str], str], ready: str, told: str
) -> None:
    assert faults_of(service_with(f"ready: {ready}")) == [f"5:12: {told}"]


@pytest.mark.parametrize(
    ("ready", "told"),
    [
        ("{url: a, log: b}", '5:18: `url` must be an http:// or https:// URL, not "a"; see `url` in docs/config.md'),
        ("{url: 'http://a b'}", '5:18: `url` must be an http:// or https:// URL, not "http://a b"; '
         "see `url` in docs/config.md"),
        ("{tcp: ':80'}", '5:18: `tcp` must be host:port, not ":80"; see `tcp` in docs/config.md'),
        ("{tcp: 'a:0'}", '5:18: `tcp` must be host:port, not "a:0"; see `tcp` in docs/config.md'),
        ("{tcp: 'a:65536'}", '5:18: `tcp` must be host:port, not "a:65536"; see `tcp` in docs/config.md'),
        ("{log: ''}", "5:18: the pattern is empty; write what the log says once the service is ready"),
        ("{log: '*'}", '5:18: "*" is not a regular expression: nothing to repeat at position 0; '
         "see the syntax of Python's re"),
        ("{log: 3}", '5:18: `log` must be a regular expression, not the number "3"; write "3" in quotes'),
        ("{command: ' '}", "5:22: `command` is empty; write what to run"),
        ("{uri: 'http://a'}", '5:13: `ready` has no key "uri"; did you mean url?'),
    ],
)  # fmt: skip
def test_a_wrong_mapping_of_ready_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], service_with: Callable[[str], str], ready: str, told: str
) -> None:
    assert told in faults_of(service_with(f"ready: {ready}"))


@pytest.mark.parametrize(
    ("written", "ready"),
    [
        ('"http://127.0.0.1:{port}/ready"', Ready("url", "http://127.0.0.1:{port}/ready")),
        ("https://example.invalid", Ready("url", "https://example.invalid")),
        ('"tcp://127.0.0.1:{port}"', Ready("tcp", "127.0.0.1:{port}")),
        ('"tcp://[::1]:8080"', Ready("tcp", "[::1]:8080")),
        ('"log:/listening on \\\\d+/"', Ready("log", r"listening on \d+")),
        ('"log:/a/b/"', Ready("log", "a/b")),
        ('{url: "http://a"}', Ready("url", "http://a")),
        ('{tcp: "a:{port}"}', Ready("tcp", "a:{port}")),
        ("{log: ready$}", Ready("log", "ready$")),
        ("{command: test -S sock}", Ready("command", "test -S sock")),
    ],
)
def test_every_way_to_be_ready(service_with: Callable[[str], str], written: str, ready: Ready) -> None:
    assert parse_config(service_with(f"ready: {written}"), "f").services[0].ready == ready


def test_variables_keep_the_text_that_stands_in_the_file(check_with: Callable[[str], str]) -> None:
    written = (
        'env: {A: 1, B: yes, C: 0x1F, D: 1.50, E: "", F: 2025-09-28, G: \'null\', H: 1_000, I: "é\\n", J: =}'
    )
    assert parse_config(check_with(written), "f").checks[0].env == {
        "A": "1",
        "B": "yes",
        "C": "0x1F",
        "D": "1.50",
        "E": "",
        "F": "2025-09-28",
        "G": "null",
        "H": "1_000",
        "I": "é\n",
        "J": "=",
    }


@given(
    st.dictionaries(
        st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True),
        st.from_regex(r"[A-Za-z0-9_./+-]{1,10}", fullmatch=True),
        max_size=5,
    )
)
def test_any_plain_word_is_its_own_value(env: dict[str, str]) -> None:
    words = {name: word for name, word in env.items() if word.lower() not in ("null", "-")}
    lines = "".join(f"    {name}: {word}\n" for name, word in words.items())
    text = (
        f"version: 2\nchecks:\n- name: a\n  lane: core\n  run: x\n  env:{' {}' if not words else ''}\n{lines}"
    )
    assert parse_config(text, "f").checks[0].env == words

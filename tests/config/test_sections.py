from __future__ import annotations

from collections.abc import Callable

import pytest

from readiness.config.load import parse_config
from readiness.config.reading import MOST_FAULTS

CHECKS = "checks: [{name: a, lane: core, run: x}]\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("chekcs: []\n" + CHECKS, '2:1: the file has no key "chekcs"; did you mean checks?'),
        ("wholly: else\n" + CHECKS, '2:1: the file has no key "wholly"; known: version, defaults, gates, services, checks, quarantine'),
        ("defaults: {timout: 5}\n" + CHECKS, '2:12: `defaults` has no key "timout"; did you mean timeout?'),
        ("gates: {dev: {lane: [core], lanes: [core]}}\n" + CHECKS, '2:15: a gate has no key "lane"; did you mean lanes?'),
        ("checks: [{name: a, lane: core, run: x, optinal: yes}]", '2:40: a check has no key "optinal"; '
         "did you mean optional?"),
        ("checks: [{name: a, lane: nd, run: x, trials: {good: 0.9, bad: 0.8, alpa: 0.1}}]",
         '2:68: `trials` has no key "alpa"; did you mean alpha?'),
        ("checks: [{name: a, lane: nd, run: x, trials: {good: 0.9, bad: 0.8, budget: {second: 1}}}]",
         '2:77: `budget` has no key "second"; did you mean seconds?'),
        ("gates: {dev: {strict: true}}\n" + CHECKS, '2:14: gate "dev" has no `lanes`; add `lanes: …`, one of core, nd, live'),
        ("services: {s: {run: x}}\n" + CHECKS, '2:15: service "s" has no `ready`; add `ready: …`'),
        ("services: {s: {ready: 'http://a'}}\n" + CHECKS, '2:15: service "s" has no `run`; add `run: …`'),
        ("checks: [{lane: core, run: x}]", "2:10: a check has no `name`; add `name: …`"),
        ("checks: [{name: a, run: x}]", '2:10: check "a" has no `lane`; add `lane: …`, one of core, nd, live'),
        ("checks: [{name: a, lane: core}]", '2:10: check "a" has no `run`; add `run: …`'),
        ("checks: [{name: a, lane: nd, run: x, trials: {good: 0.9}}]", "2:46: `trials` has no `bad`; add `bad: …`"),
        ("defaults: {}\n", "1:1: the file has no `checks`; add `checks: …`"),
        ("checks: []", "2:9: `checks` is empty; add an entry: a gate that runs nothing is never READY"),
        ("checks: {a: b}", "2:9: `checks` must be a list of mappings, not a mapping; see `checks` in docs/config.md"),
        ("checks: all", '2:9: `checks` must be a list of mappings, not "all"; begin each entry with - '),
        ("checks:\n", "2:8: `checks` has no value; give it one, or remove the key"),
        ("checks: [pytest]", '2:10: a check must be a mapping, not "pytest"; write key: value lines below it'),
        ("checks: [[a]]", "2:10: a check must be a mapping, not a list; write key: value lines below it"),
        ("gates: {}\n" + CHECKS, "2:8: `gates` is empty; add an entry, or remove the key for the default ones"),
        ("gates: [dev]\n" + CHECKS, "2:8: `gates` must be a mapping of names, not a list; see `gates` in docs/config.md"),
        ("gates: dev\n" + CHECKS, '2:8: `gates` must be a mapping of names, not "dev"; '
         "write a name and a colon for each, its keys below it"),
        ("gates: {dev: [core]}\n" + CHECKS, "2:14: a gate must be a mapping, not a list; write key: value lines below it"),
        ("gates: {dev: }\n" + CHECKS, "2:14: a gate must be a mapping, not nothing; write key: value lines below it"),
        ("gates: {my gate: {lanes: [core]}}\n" + CHECKS, '2:9: the name of a gate is "my gate", which cannot name a file; '
         "use at most 100 letters, digits, _ . - and begin with a letter, digit or _"),
        ("gates: {dev: {lanes: [core, cor]}}\n" + CHECKS, '2:29: unknown lane "cor"; did you mean core?'),
        ("gates: {dev: {lanes: []}}\n" + CHECKS, "2:22: `lanes` is empty; name at least one"),
        ("gates: {dev: {lanes: core}}\n" + CHECKS, '2:22: `lanes` must be a list of words, not "core"; write [core]'),
        ("defaults: 600\n" + CHECKS, '2:11: `defaults` must be a mapping, not the number "600"; '
         "write key: value lines below it"),
        ("services: []\n" + CHECKS, "2:11: `services` must be a mapping of names, not a list; "
         "see `services` in docs/config.md"),
        ("services: {a/b: {run: x, ready: 'http://a'}}\n" + CHECKS, '2:12: the name of a service is "a/b", which cannot '
         "name a file; use at most 100 letters, digits, _ . - and begin with a letter, digit or _"),
    ],
)  # fmt: skip
def test_a_wrong_key_is_told_with_its_place(
    faults_of: Callable[[str], list[str]], text: str, told: str
) -> None:
    assert faults_of(f"version: 2\n{text}") == [told]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CHECKS + CHECKS, '3:1: the key "checks" is given twice, first at f:2:1; keep one of them'),
        ("version: 2\n" + CHECKS, '2:1: the key "version" is given twice, first at f:1:1; keep one of them'),
        ("checks:\n- name: a\n  lane: core\n  run: x\n  run: y\n", '6:3: the key "run" is given twice, first at f:5:3; '
         "keep one of them"),
        ("gates:\n  dev: {lanes: [core]}\n  dev: {lanes: [nd]}\n" + CHECKS, '4:3: the key "dev" is given twice, '
         "first at f:3:3; keep one of them"),
        ("services:\n  s: {run: x, ready: 'http://a'}\n  s: {run: y, ready: 'http://a'}\n" + CHECKS,
         '4:3: the key "s" is given twice, first at f:3:3; keep one of them'),
        ("? [a]\n: b\n" + CHECKS, "2:3: a key must be plain text; write it as one word"),
        ("!x a: b\n" + CHECKS, "2:1: a key must be plain text; write it as one word"),
        ("checks:\n- {<<: a, name: a, lane: core, run: x}", "3:8: << must name a mapping, or a list of mappings; "
         "write <<: *anchor"),
    ],
)  # fmt: skip
def test_a_wrong_mapping_is_told_with_both_places(
    faults_of: Callable[[str], list[str]], text: str, told: str
) -> None:
    assert faults_of(f"version: 2\n{text}") == [told]


def test_every_fault_is_told_at_once_in_the_order_of_the_file(faults_of: Callable[[str], list[str]]) -> None:
    text = """\
version: 2
defaults: {timeout: 0, pyton: x}
gates:
  dev: {lanes: [cor]}
services:
  model: {run: "", ready: gopher}
checks:
  - {name: a, lane: core, run: x, services: [modle]}
  - {name: b, lane: core}
  - {name: a, lane: nd, run: x, needs: [c]}
"""
    told = faults_of(text)
    assert [line.split(": ")[0] for line in told] == [
        "2:21", "2:24", "4:17", "6:16", "6:27", "8:46", "9:5", "10:12", "10:41",
    ]  # fmt: skip


def test_merged_keys_fill_in_what_a_check_does_not_say() -> None:
    text = """\
version: 2
checks:
  - &base {name: a, lane: core, run: x, cores: 2, env: {A: "1"}}
  - &more {name: b, lane: core, run: y, cache: false}
  - {<<: [*base, *more], name: c, cores: 3}
"""
    last = parse_config(text, "f").checks[2]
    assert (last.name, last.run, last.cores, last.cache, last.env) == ("c", "x", 3, False, {"A": "1"})


def test_a_fault_in_a_merged_mapping_is_told_once(faults_of: Callable[[str], list[str]]) -> None:
    text = "version: 2\nchecks:\n  - &b {name: a, lane: core, run: x, cores: 0}\n  - {<<: *b, name: c}\n"
    assert faults_of(text) == [
        '3:45: `cores` is out of range: "0"; write a value at least 1 and at most 1024'
    ]


def test_thousands_of_faults_are_cut_short_and_say_so(faults_of: Callable[[str], list[str]]) -> None:
    lines = "".join(f"unknown_{number}: 1\n" for number in range(5000))
    told = faults_of(f"version: 2\n{CHECKS}{lines}")
    assert len(told) == MOST_FAULTS + 1
    assert told[-1].endswith("there are more than 200 faults; correct those shown first")
    assert told[0].startswith("3:1: ")

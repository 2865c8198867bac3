"""Each row of the tables finds what it is there for, and the tables fit each other."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from readiness.record import secret_patterns as patterns
from readiness.record.redact import Redactor

PATTERNS = Redactor()
ROWS = [
    (kind, prefix, least, alphabet)
    for kind, prefixes, least, alphabet in patterns.TOKENS
    for prefix in prefixes.split()
]


def members(alphabet: str) -> str:
    return "".join(chr(code) for code in range(128) if re.match(f"[{alphabet}]", chr(code)))


def bodies(alphabet: str, least: int) -> st.SearchStrategy[str]:
    """Bodies as keys have them: starting with letters and digits of both cases, of any length from the least."""
    if alphabet == patterns.HEX:
        return st.text(members(alphabet), min_size=least, max_size=least + 20)
    start = st.text(members(patterns.ALNUM), min_size=15, max_size=15)
    rest = st.text(members(alphabet), min_size=least, max_size=least + 20)
    return st.tuples(start, rest).map(lambda parts: "A7" + "".join(parts))


@pytest.mark.parametrize(("least", "alphabet"), sorted({row[2:] for row in ROWS}))
def test_every_prefix_is_found_with_every_body_of_its_alphabet(least: int, alphabet: str) -> None:
    prefixes = [(kind, prefix) for kind, prefix, *body in ROWS if body == [least, alphabet]]

    @settings(max_examples=20)
    @given(bodies(alphabet, least))
    def check(body: str) -> None:
        for kind, prefix in prefixes:
            assert PATTERNS.text(f"key: '{prefix}{body}'.") == f"key: '[redacted:{kind}]'."

    check()


@pytest.mark.parametrize(("kind", "prefix", "least", "alphabet"), ROWS)
def test_no_prefix_counts_inside_a_word_or_without_enough_behind_it(
    kind: str, prefix: str, least: int, alphabet: str
) -> None:
    body = "3f9a1c07e5d2b84f" * 10
    assert f"[redacted:{kind}]" not in PATTERNS.text(f"a{prefix}{body}")
    assert (
        PATTERNS.text(f" {prefix}{body[: min(least, 16) - 1]} ") == f" {prefix}{body[: min(least, 16) - 1]} "
    )


def test_more_than_forty_kinds_are_known() -> None:
    kinds = {row[0] for row in patterns.TOKENS} | {row[1] for row in patterns.ANCHORED}
    kinds |= {kind for row in patterns.SHAPES for kind in row[0].split()}
    assert len(kinds) > 70


NAMES = [
    "password", "passwd", "passphrase", "pwd", "db_pwd", "db_pass", "secret", "secret_key", "secret key", "client-secret",
    "x-api-key", "x-goog-api-key", "x-auth-token", "x-vault-token", "accountkey", "account_key", "sharedaccesskey",
    "private_key", "token", "access_token", "credential", "credentials", "api_key", "apikey", "access-key", "app_key",
    "auth_key", "client_key", "deploy_key", "encryption_key", "hmac_key", "master_key", "service_key", "session_key",
    "signing_key", "subscription-key", "authorization", "MISTRAL_KEY",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "form", ["{}={}", "{}: {}", '"{}": "{}"', "'{}' : '{}'", r"\"{}\": \"{}\"", "{} = {}", "{} == '{}'"]
)
def test_every_telling_name_tells_in_every_way_of_writing(name: str, form: str) -> None:
    for written in {name, name.upper(), name.title()} if name.islower() else {name}:
        text = form.format(written, "hunter22x")
        assert "hunter22x" not in PATTERNS.text(text), text


@pytest.mark.parametrize("row", [*patterns.ANCHORED, *patterns.SHAPES])
def test_every_expression_has_a_group_for_each_of_its_kinds(row: tuple[str, ...]) -> None:
    kinds = row[1] if len(row) == 4 else row[0]
    assert re.compile(row[-1]).groups == len(kinds.split())


@pytest.mark.parametrize(
    "word",
    [
        "None",
        "null",
        "str",
        "********",
        "<secret>",
        "${TOKEN}",
        "$TOKEN",
        "{token}",
        "%(pw)s",
        "[redacted:x]",
    ],
)
def test_a_placeholder_is_no_password(word: str) -> None:
    assert re.fullmatch(patterns.PLACEHOLDER, word.encode())
    assert PATTERNS.text(f"password: '{word}'") == f"password: '{word}'"


@pytest.mark.parametrize("word", ["hunter22", "$ecret99", "nonesuch", "passwords"])
def test_a_password_is_no_placeholder(word: str) -> None:
    assert PATTERNS.text(f"password: '{word}'") == "password: '[redacted:password]'"

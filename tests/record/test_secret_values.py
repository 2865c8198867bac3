"""Which variables hold secrets, and which values would only black out ordinary text."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from readiness.record.secret_values import LEAST, forms, secret_values

SECRET_NAMES = [
    "OPENAI_API_KEY", "API_KEY_1", "GITHUB_TOKEN", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "MYSQL_PWD", "DB_PASS",
    "SSH_PASSPHRASE", "AZURE_CREDENTIALS", "SESSION_COOKIE", "SENTRY_DSN", "BASIC_AUTH", "GH_PAT", "APIKEY", "accessToken",
    "clientSecret", "SECRETS_JSON", "SLACK_WEBHOOK", "KEY", "token", "LITELLM_MASTER_KEY", "VAULT_TOKEN2",
]  # fmt: skip
OTHER_NAMES = [
    "PATH", "HOME", "PWD", "OLDPWD", "KEYBOARD", "TOKENIZERS_PARALLELISM", "MAX_TOKENIZED", "GIT_AUTHOR_NAME", "LANG", "EDITOR",
    "PASSENGER_ENV", "DSNAME", "OLLAMA_MODEL",
]  # fmt: skip
VALUE = "aB3-x9Zq7Lm2"


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_variable_whose_name_looks_secret_is_one(name: str) -> None:
    assert secret_values({name: VALUE}) == (VALUE,)


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_other_variables_are_left_alone(name: str) -> None:
    assert secret_values({name: VALUE}) == ()


@pytest.mark.parametrize(
    "value",
    ["", "1", "true", "false", "none", "disabled", "12345", "100000", "/run/secrets/token", "~/.config/key.json", "./key.pem",
     "/tmp/ssh-x/agent.42", "timestamp", "changeme", "postgres"],
)  # fmt: skip
def test_words_numbers_and_paths_are_no_secrets(value: str) -> None:
    assert secret_values({"SOME_KEY": value}) == ()


@pytest.mark.parametrize(
    "value",
    ["123456789012", "hunter22", "/aB3dE9xQ7LmZk2R4tY6uI8oP0wKx7Lm", "correct horse", "correcthorsebattery"],
)
def test_what_could_be_a_secret_is_one(value: str) -> None:
    assert secret_values({"SOME_KEY": value}) == (value,)


def test_a_word_counts_where_the_name_says_password() -> None:
    assert secret_values({"SOME_KEY": "timestamp"}) == ()
    assert secret_values({"DB_PASSWORD": "battering"}) == ("battering",)


def test_the_password_of_any_url_is_a_secret_as_written_and_decoded() -> None:
    found = secret_values(
        {"DATABASE_URL": "postgres://app:p%40ss-w0rd@db:5432/app", "HOMEPAGE": "https://example.org/@me"}
    )
    assert found == ("p%40ss-w0rd", "p@ss-w0rd")
    assert secret_values({"TRACING": f"https://{VALUE}{VALUE}@o1.ingest.example/1"}) == (VALUE * 2,)
    assert (
        secret_values({"REMOTE": "ssh://git@example.org/x", "DB": "postgres://postgres:postgres@db/x"}) == ()
    )


def test_the_longest_comes_first_and_each_once() -> None:
    values = {"A_KEY": "x1y2z3", "B_KEY": VALUE, "C_TOKEN": VALUE}
    assert secret_values(values) == (VALUE, "x1y2z3")


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=40), max_size=5))
def test_every_value_found_comes_from_the_environment_and_is_long_enough(environ: dict[str, str]) -> None:
    for value in secret_values(environ):
        assert len(value) >= LEAST
        assert any(value in whole or "%" in whole for whole in environ.values())


@example("\n0")
@given(st.text(max_size=30))
def test_no_form_is_short_and_the_value_itself_is_one(value: str) -> None:
    found = forms([value])
    assert all(len(form) >= LEAST for form in found)
    if len(value.encode()) >= LEAST and len(value.splitlines()) == 1 and "\n" not in value:
        assert value.encode() in found

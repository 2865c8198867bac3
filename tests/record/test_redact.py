"""Nothing that looks like a secret is written, nothing else is lost, and pieces of any size change neither.

Samples are put together at run time, so that this file holds nothing that looks like a key.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.outcome import Outcome
from readiness.record.redact import Redactor, StreamRedactor
from readiness.record.result import CheckResult, Counts, Failure
from readiness.record.value import replace

RANDOM = "q7Rt2LmX9wKc4VbN8sZd3HfJ6yPgA1uE5oTiB0xDvCnWkM2rYhQ8eSlGzUjF4aOp"
"""Letters of both cases and digits, as a key's body has them."""
HEX = "3f9a1c07e5d2b84f6a90c3e17d5b28f4" * 3

PATTERNS = Redactor()


def body(length: int) -> str:
    return (RANDOM * (length // len(RANDOM) + 1))[:length]


def pem(kind: str = "RSA ", lines: int = 12) -> str:
    return (
        f"-----BEGIN {kind}PRIVATE KEY-----\n"
        + f"{body(64)}\n" * lines
        + f"-----END {kind}PRIVATE KEY-----\n"
    )


JWT = f"ey{'J'}hbGciOiJIUzI1NiJ9.ey{'J'}zdWIiOiIxMjM0NTY3ODkwIn0.{body(43)}"

BY_SHAPE = [
    ("airtable", f"pat{body(14)}.{HEX[:64]}", HEX[:64]),
    ("atlassian", f"ATATT{3}xFfGF0{body(180)}=1A2B3C4D", body(180)),
    ("azure", f"azure: abc8{'Q~'}{body(34)}", body(34)),
    (
        "basic",
        f"> Basic {base64.b64encode(b'user:hunter22x').decode()}",
        base64.b64encode(b"user:hunter22x").decode(),
    ),
    ("bearer", f"sent Bearer {body(24)}", body(24)),
    ("databricks", f"dap{'i'}{HEX[:32]}-2", HEX[:32]),
    ("discord", f"MTA4{body(20)}.G4bcde.{body(38)}", body(38)),
    ("discord", f"https://discord.com/api/webhooks/123456789012345678/{body(68)}", body(68)),
    ("flag", "deploy --db-password hunter22", "hunter22"),
    ("google", f"AI{'z'}a{body(35)}", body(35)),
    ("grafana", f"ey{'J'}rIjoi{body(80)}==", body(80)),
    ("jwt", f"cookie jar {JWT}", JWT),
    ("private-key", pem(), body(64)),
    ("private-key", json.dumps({"k": pem("")}), body(64)),
    ("private-key", pem("OPENSSH ").replace("\n", "\nE    > "), body(64)),
    ("private-key", f"-----BEGIN EC PRIVATE KEY-----\n{body(64)}\n{body(64)}\nand then it went on", body(64)),
    ("slack", f"https://hooks.slack.com/services/T0{body(9)}/B0{body(9)}/{body(24)}", body(24)),
    ("telegram", f"https://api.telegram.org/bot1234567890:A{'A'}{body(33)}/getMe", body(33)),
    ("url", "psql postgres://app:s3cr3t@db.internal:5432/app", "s3cr3t"),
    ("url", f"git clone https://{body(32)}@git.example.org/a/b", body(32)),
]


@pytest.mark.parametrize(("kind", "text", "secret"), BY_SHAPE)
def test_a_secret_known_by_its_shape_is_replaced(kind: str, text: str, secret: str) -> None:
    clean = PATTERNS.text(f"before {text} after")
    assert secret not in clean
    assert f"[redacted:{kind}]" in clean
    assert clean.startswith("before ")
    assert clean.endswith(" after")


BY_NAME = [
    ("password", "PASSWORD=hunter", "hunter"),
    ("password", "db_password: hunter22", "hunter22"),
    ("password", "{'password': 'two words'}", "two words"),
    ("password", r"{\"passwd\": \"hunter22\"}", "hunter22"),
    ("password", "host=db password=hunter22 user=app", "hunter22"),
    ("password", "assert password == 'hunter22'", "hunter22"),
    ("password", "DB_PASS=hunter", "hunter"),
    ("password", "client_secret = 'abcdefgh'", "abcdefgh"),
    ("password", "x-api-key: abcd-efgh-1", "abcd-efgh-1"),
    ("password", f"DefaultEndpointsProtocol=https;AccountKey={body(86)}==;", body(86)),
    ("token", f"MISTRAL_API_KEY={body(32)}", body(32)),
    ("token", f"COHERE_KEY: {body(40)}", body(40)),
    ("token", f'"apiKey": "{body(20)}"', body(20)),
    ("token", "session_key=qWeRtYuIoPaSdFgHjKlZ", "qWeRtYuIoPaSdFgHjKlZ"),
    ("token", f"https://x.example/?token={body(12)}&page=2", body(12)),
    ("token", f"aws_secret_access_key = {body(40)}", body(40)),
    ("token", f"https://a.blob.core.windows.net/c?sv=1&sig={body(43)}%3D", body(43)),
    ("authorization", "authorization: bearer abcdef", "abcdef"),
    ("authorization", "Authorization: Token hunter22", "hunter22"),
    ("authorization", "'Authorization': 'Bearer two-words'", "two-words"),
    ("authorization", 'Authorization: Digest username="a", response="d41d8cd9"', "d41d8cd9"),
    ("authorization", "Authorization: plain-key-1", "plain-key-1"),
    ("cookie", "Set-Cookie: session=abcdef; Path=/", "abcdef"),
    ("cookie", "{'cookie': 'a=1; session=abcdef'}", "abcdef"),
]


@pytest.mark.parametrize(("kind", "text", "secret"), BY_NAME)
def test_a_value_beside_a_telling_name_is_replaced(kind: str, text: str, secret: str) -> None:
    clean = PATTERNS.text(f"before {text}\nafter")
    assert secret not in clean
    assert f"[redacted:{kind}]" in clean
    assert clean.endswith("\nafter")


LOOK_ALIKES = [
    "commit 3f9a1c07e5d2b84f6a90c3e17d5b28f4a1b2c3d4",
    "sha256:3f9a1c07e5d2b84f6a90c3e17d5b28f43f9a1c07e5d2b84f6a90c3e17d5b28f4",
    "integrity sha512-3f9a1c07e5d2b84f6a90c3e17d5b28f4+/aBcDeFgHiJk==",
    "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    "/home/ci/project/.venv/lib/python3.11/site-packages/readiness/record/redact.py:120",
    "tests/smoke/test_agent_proxy_headers_and_errors.py::test_agent_proxy_headers_precedence[X-Env-B] PASSED",
    "cache-key-3f9a1c07e5d2b84f6a90c3e17d5b28f4",
    "sk-learn-compatible-estimator-interface",
    "task-runner ask-questions-about-this-thing",
    "token: 512 tokens: 4096 max_tokens=100000 tokenizer=SmolLM2-135M-Instruct",
    "token = None",
    "password: str | None = None",
    "def login(user: str, password: Optional[str] = None) -> Token:",
    "password = get_password()",
    "connect(user=user, password=password)",
    "password=${DB_PASSWORD} secret=<your secret> passwd: ******** password: {password}",
    "api_key=os.environ['OPENAI_API_KEY']",
    "SORT_KEY=timestamp",
    "Authorization header missing",
    "authorization: required",
    "Basic authentication and Bearer of good news",
    "http://127.0.0.1:8000/a:b@c user@example.org git@github.com:org/repo.git ssh://git@github.com/org/repo",
    "pip install package==1.2.3 'git+https://github.com/org/repo@v1'",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "expected a line '-----BEGIN PRIVATE KEY-----' in the file",
    "monkeypatch.setenv('KEY', 'value') keyword=1 key: value",
    "secret_name secrets.token_hex(16) class Secret: pass",
    "cookie: chocolate",
    "getpass(prompt='Password: ', stream=None)",
    "if secret == self.secret: return (self.password.encode('utf-8'))",
    "next_token: ListExecutionsPageToken = None",
    "starts with '-----BEGIN RSA PRIVATE KEY-----' and ends with '-----END RSA PRIVATE KEY-----'",
    "AKIAFRICA is no key, nor is SK1234, nor hf_transformers_model_from_pretrained_weights",
    '2026-11-03 12:00:00,123 INFO uvicorn.access: 127.0.0.1:51234 - "GET /v1/chat HTTP/1.1" 200 OK',
    "::test_token::test_secret_12345678 PASSED",
    "eyJust a word.that.is not a token",
]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert PATTERNS.text(text) is text
    assert PATTERNS.text(f"x = {text}\n") == f"x = {text}\n"


@given(st.text(max_size=300))
def test_text_without_digits_or_signs_that_secrets_need_is_untouched(text: str) -> None:
    plain = text.translate(dict.fromkeys(map(ord, "=:-_.~@"), " "))
    assert PATTERNS.text(plain) is plain


secrets = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"),
    min_size=8,
    max_size=40,
)


@given(secrets, st.text(max_size=20), st.text(max_size=20))
def test_a_given_value_never_shows_in_any_of_its_forms(secret: str, before: str, after: str) -> None:
    redactor = Redactor([secret])
    raw = secret.encode()
    shown = {
        "as it is": secret,
        "percent-encoded": urllib.parse.quote(secret, safe=""),
        "percent-encoded, slashes kept": urllib.parse.quote(secret),
        "in a form": urllib.parse.quote_plus(secret),
        "in JSON": json.dumps(secret)[1:-1],
        "in readable JSON": json.dumps(secret, ensure_ascii=False)[1:-1],
        "in a Python literal": repr(secret)[1:-1],
    }
    for form in shown.values():
        assert form not in redactor.text(f"{before} {form} {after}").replace("[redacted:value]", "")
    for lead in (b"", b"u", b"us"):
        encoded = base64.b64encode(lead + raw).decode()
        start, end = (0, 2, 3)[len(lead)], (len(lead) + len(raw)) * 8 // 6
        assert encoded[start:end] not in redactor.text(f"{before} {encoded} {after}")
        safe = base64.urlsafe_b64encode(lead + raw).decode()
        assert safe[start:end] not in redactor.text(f"{before} {safe} {after}")


def test_every_line_of_a_given_value_of_many_lines_is_hidden_and_short_values_are_not_looked_for() -> None:
    redactor = Redactor([pem(lines=2), "abc", ""])
    assert redactor.text(f"log: {body(64)}") == "log: [redacted:value]"
    assert body(64) not in redactor.text(json.dumps(pem(lines=2)))
    assert redactor.text("abc and nothing") == "abc and nothing"


def test_of_two_overlapping_finds_the_more_telling_name_is_shown_once() -> None:
    key = f"sk-proj-{body(40)}"
    redactor = Redactor([key])
    assert redactor.text(f"OPENAI_API_KEY={key} done") == "OPENAI_API_KEY=[redacted:openai] done"
    assert (
        redactor.text(f"ANTHROPIC_API_KEY=sk-ant-api03-{body(40)}")
        == "ANTHROPIC_API_KEY=[redacted:anthropic]"
    )


def test_every_text_of_a_record_is_redacted_and_nothing_else_changes() -> None:
    failure = Failure(
        "a.py::test_b", "call", "failure", "assert password == 'hunter22'", "a.py:3", details="hunter22"
    )
    check = CheckResult(
        "unit", "core", Outcome.FAILED, True, "because of hunter22", Counts(failed=1), 1.5, failures=(failure,),
        slowest=(("a.py::test_b", 0.5),), env_added=("PASSWORD",), last_output="token=q7Rt2LmX9wKc",
    )  # fmt: skip
    clean = Redactor(["hunter22"]).value(check)
    assert "hunter22" not in repr(clean)
    assert "q7Rt2LmX9wKc" not in repr(clean)
    assert clean.reason == "because of [redacted:value]"
    assert clean.failures[0].message == "assert password == '[redacted:value]'"
    same = replace(clean, reason=check.reason, failures=check.failures, last_output=check.last_output)
    assert same == check
    assert isinstance(clean.outcome, Outcome)
    mapping = {"packages": {"x": "hunter22"}, "n": 1}
    assert Redactor(["hunter22"]).value(mapping) == {"packages": {"x": "[redacted:value]"}, "n": 1}


def test_a_record_without_secrets_is_the_same_object() -> None:
    check = CheckResult("unit", "core", Outcome.PASSED, True, "3 tests passed", command="pytest tests")
    assert PATTERNS.value(check) is check


samples = st.sampled_from([text for _, text, _ in BY_SHAPE + BY_NAME] + LOOK_ALIKES)
noise = st.text(st.characters(codec="utf-8"), max_size=30)
texts = st.lists(st.one_of(samples, noise), max_size=6).map("\n".join)


@given(texts)
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = PATTERNS.text(text)
    assert PATTERNS.text(once) == once


@given(texts)
def test_text_and_bytes_are_redacted_alike(text: str) -> None:
    assert PATTERNS.text(text).encode() == PATTERNS.data(text.encode())


def test_undecodable_text_survives() -> None:
    text = "caf\udce9 password=hunter22\udcff!"
    assert PATTERNS.text(text) == "caf\udce9 password=[redacted:password]"
    assert PATTERNS.data(b"\xff\xfe nothing here") == b"\xff\xfe nothing here"


def test_a_mention_of_a_key_is_not_completed_by_what_comes_later() -> None:
    mention = "starts with '-----BEGIN RSA PRIVATE KEY-----' and ends with '-----END RSA PRIVATE KEY-----'\n"
    assert PATTERNS.text(mention + body(64)) == mention + body(64)


@given(st.data(), texts)
def test_a_stream_in_any_pieces_gives_what_the_whole_gives(data: st.DataObject, text: str) -> None:
    whole = text.encode() + b"\n"
    stream = StreamRedactor(PATTERNS)
    shown, rest = b"", whole
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        shown += stream.feed(rest[:size])
        rest = rest[size:]
    assert shown + stream.flush() == PATTERNS.data(whole)


@pytest.mark.parametrize("size", [1, 7, 4096, 16_384, 65_536])
def test_a_secret_anywhere_in_a_line_without_end_is_hidden(size: int) -> None:
    secret = f"gh{'p'}_{body(36)}"
    total = 30_000 if size == 1 else 200_000
    line = b"".join(b"%d,%s,password=hunter22;" % (at, secret.encode()) for at in range(0, total, 80))
    stream = StreamRedactor(["hunter22"])
    shown = b"".join(stream.feed(line[at : at + size]) for at in range(0, len(line), size)) + stream.flush()
    assert body(36).encode() not in shown
    assert b"hunter22" not in shown
    assert shown.count(b"[redacted:github]") == len(range(0, total, 80))


def test_a_stream_without_newlines_is_shown_as_it_comes_and_holds_little() -> None:
    stream = StreamRedactor()
    shown = 0
    for _ in range(100):
        shown += len(stream.feed(b"x. " * 20_000))
        assert len(stream._held) <= 16_384
    assert shown + len(stream.flush()) == 6_000_000


def test_a_secret_longer_than_what_is_held_back_never_shows_its_rest() -> None:
    token = f"gl{'pat'}-{body(60_000)}"
    stream = StreamRedactor()
    data = f"x {token} and on".encode()
    shown = b"".join(stream.feed(data[at : at + 1000]) for at in range(0, len(data), 1000)) + stream.flush()
    assert shown == b"x [redacted:gitlab] and on"


def test_a_private_key_that_comes_line_by_line_is_held_until_its_end() -> None:
    stream = StreamRedactor()
    shown = b"".join(stream.feed(line.encode()) for line in pem().splitlines(keepends=True))
    assert shown == b"-----BEGIN RSA PRIVATE KEY-----[redacted:private-key]-----END RSA PRIVATE KEY-----\n"


@pytest.mark.parametrize("size", [64, 5_000, 200_000])
def test_a_private_key_without_end_does_not_hold_the_stream_for_ever(size: int) -> None:
    stream = StreamRedactor()
    key = "-----BEGIN RSA PRIVATE KEY-----\n" + f"{body(64)}\n" * 2000 + "-- the end\n"
    shown = b"".join(stream.feed(key[at : at + size].encode()) for at in range(0, len(key), size))
    shown += stream.flush()
    assert shown.replace(b"]\n", b"]") == b"-----BEGIN RSA PRIVATE KEY-----[redacted:private-key]-- the end\n"


ADVERSARIES = [
    "a", "A", "=", ":", "-", "_", ".", "sk-", "sk-a", "ghp_", "eyJ", ".eyJ", "eyJaaaaaaaa.", "://", "://a:", "@://",
    "--a-", "--password ", "password=", "password: '", "token=\\", "authorization: basic ", "cookie: a", "Basic ",
    "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\n", "AA", "A1", "0", "hooks/", "x-", "x-a", "pat.", "MT",
]  # fmt: skip


@pytest.mark.parametrize("unit", ADVERSARIES)
def test_no_input_makes_it_slow(unit: str) -> None:
    """CPU time, and a limit far above what linear work takes: the slowest here needs a third of a second, while an
    expression that backtracks needs minutes."""
    data = (unit * (100_000 // len(unit))).encode()
    before = time.process_time()
    assert PATTERNS.data(data)
    assert StreamRedactor(PATTERNS).feed(data + b"\n")
    assert time.process_time() - before < 5


def test_a_megabyte_of_one_letter_ends() -> None:
    assert PATTERNS.data(b"a" * 1_000_000) == b"a" * 1_000_000


def test_small_text_without_secrets_compiles_nothing() -> None:
    """The gate's own start-up pays for compiling only when there is something to compile for."""
    script = (
        "import re\n"
        "from readiness.record.redact import StreamRedactor\n"
        "compiled = []\n"
        "original = re.compile\n"
        "re.compile = lambda *args: compiled.append(args) or original(*args)\n"
        "stream = StreamRedactor(['correct horse'])\n"
        "stream.feed(b'test_a.py::test_b PASSED in 0.1s (3 passed)\\n' * 20); stream.flush()\n"
        "assert compiled == [], compiled\n"
        "assert b'horse' not in stream.feed(b'a correct horse\\n')\n"
        "assert compiled != []\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)

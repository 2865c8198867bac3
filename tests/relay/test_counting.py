from __future__ import annotations

import email.utils

import pytest

from readiness.relay.answer import Answer
from readiness.relay.counting import error_class, is_cold_start, is_counted, is_stand_in, retry_after_seconds
from readiness.relay.shapes import Shape

GOOD = Answer(content=True, finished=True)


@pytest.mark.parametrize(
    ("status", "word"),
    [(200, ""), (201, ""), (307, "redirect"), (400, "bad_request"), (401, "unauthorised"), (403, "unauthorised"),
     (404, "not_found"), (422, "bad_request"), (429, "429"), (500, "upstream_5xx"), (529, "upstream_5xx")],
)  # fmt: skip
def test_the_class_of_a_status(status, word):
    assert error_class(status, Shape.CHAT, GOOD) == word


def test_the_class_of_an_answer_under_a_good_status():
    assert error_class(200, Shape.CHAT, Answer(content=True)) == "unfinished"
    assert error_class(200, Shape.CHAT, Answer(content=True, finished=True, error="x")) == "error_in_answer"
    assert error_class(200, Shape.OTHER, Answer()) == error_class(200, Shape.CHAT, None) == ""


def test_a_completed_generation_of_a_real_model_counts(call):
    assert is_counted(call(), Shape.CHAT, GOOD)


@pytest.mark.parametrize(
    ("changes", "shape", "answer"),
    [
        ({"error": "reset"}, Shape.CHAT, GOOD),
        ({"stand_in": True}, Shape.CHAT, GOOD),
        ({"replay": True}, Shape.CHAT, GOOD),
        ({"status": 404}, Shape.CHAT, GOOD),
        ({"status": None}, Shape.CHAT, GOOD),
        ({}, Shape.CHAT, None),
        ({}, Shape.CHAT, Answer(finished=True)),
        ({}, Shape.OTHER, GOOD),
        ({"kind": "other"}, Shape.OTHER, GOOD),
        ({"kind": "other", "lane": "live", "method": "OPTIONS"}, Shape.OTHER, GOOD),
    ],
)
def test_nothing_else_counts(call, changes, shape, answer):
    assert not is_counted(call(**changes), shape, answer)


def test_an_unknown_api_proves_that_a_provider_was_reached(call):
    assert is_counted(call(kind="other", lane="live"), Shape.OTHER, GOOD)


def test_who_says_to_be_a_stand_in_is_one():
    assert is_stand_in(True, "", "")
    assert is_stand_in(False, "echo", "")
    assert is_stand_in(False, "true", "fp")
    assert is_stand_in(False, "", "Stand-In")
    assert not is_stand_in(False, "false", "fp_stand-in-42")


def test_a_cold_start(call):
    assert is_cold_start(False, call(load_seconds=1.5), "")
    assert not is_cold_start(True, call(load_seconds=0.01, ttft=60.0), ""), (
        "the server says it was not loading"
    )
    assert is_cold_start(False, call(status=503, error="upstream_5xx"), "Loading model")
    assert is_cold_start(True, call(ttft=6.0), "")
    assert is_cold_start(True, call(ttft=None, seconds=60.0, error="timeout"), "")
    assert not is_cold_start(False, call(ttft=6.0), "")
    assert not is_cold_start(True, call(ttft=0.2), "")
    assert not is_cold_start(True, call(ttft=6.0, generation=False), "")


def test_retry_after():
    now = 1_700_000_000.0
    assert retry_after_seconds("7", now) == 7.0
    assert retry_after_seconds(" 0.5 ", now) == 0.5
    assert retry_after_seconds(email.utils.formatdate(now + 30, usegmt=True), now) == 30.0
    assert retry_after_seconds(email.utils.formatdate(now - 30, usegmt=True), now) == 0.0
    assert retry_after_seconds("soon", now) is None
    assert retry_after_seconds("", now) is None

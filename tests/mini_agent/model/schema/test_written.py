from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolDefinition
from mini_agent.model.schema.offer import Offer
from mini_agent.model.schema.written import ArrivingText, read_written
from mini_agent.model.wire.answer import Answer

OFFER = Offer((ToolDefinition("add"),), "answer")


def read(text: str, finish: str = "stop", offer: Offer = OFFER) -> Answer:
    return read_written(Answer(text, finish_reason=finish), offer)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "add", "arguments": {"a": 1}}',
        ' \n{"name":"add","arguments":{"a":1}} ',
        'Sure:\n```json\n{"name": "add", "arguments": {"a": 1}}\n```\nDone.',
    ],
)
def test_a_call(text):
    answer = read(text)
    (call,) = answer.tool_calls
    assert (call.name, json.loads(call.arguments_text)) == ("add", {"a": 1})
    assert call.id.startswith("call_")
    assert (answer.content, answer.finish_reason) == ("", "tool_calls")


def test_an_answer():
    answer = read('{"name": "answer", "arguments": {"text": "It is 3."}}')
    assert (answer.content, answer.tool_calls, answer.finish_reason) == ("It is 3.", (), "stop")


def test_a_tool_that_is_not_there_is_a_call_all_the_same():
    assert read('{"name": "sub", "arguments": {}}').tool_calls[0].name == "sub"


@pytest.mark.parametrize(
    "text",
    [
        "It is 3.",
        "",
        "[1]",
        "3",
        '{"a": 1}',
        '{"name": 3, "arguments": {}}',
        '{"name": "add", "arguments": 3}',
    ],
)
def test_other_text_is_an_answer_in_words(text):
    answer = read(text)
    assert (answer.content, answer.tool_calls) == (text, ())


def test_an_answer_that_was_cut_short():
    answer = read('{"name": "answer", "arguments": {"text": "It is \\u00e9 and \\u00', "length")
    assert (answer.content, answer.finish_reason, answer.tool_calls) == ("It is é and ", "length", ())


def test_a_call_that_was_cut_short_has_arguments_that_are_no_json():
    answer = read('{"name": "add", "arguments": {"a": "x', "length")
    (call,) = answer.tool_calls
    assert (call.name, call.arguments_text, answer.finish_reason) == ("add", '{"a": "x', "length")
    with pytest.raises(ValueError, match="Unterminated"):
        json.loads(call.arguments_text)


def test_a_head_that_was_cut_short_is_no_call():
    assert read('{"name": "ad', "length").tool_calls == ()


def test_an_answer_of_the_callers_own_schema():
    offer = Offer((ToolDefinition("add"),), "answer", {"type": "array"})
    assert json.loads(read('{"name": "answer", "arguments": {"value": [1, "é"]}}', offer=offer).content) == [
        1,
        "é",
    ]


def test_where_a_call_is_required_there_is_no_answer():
    offer = Offer((ToolDefinition("add"),), "")
    assert read('{"name": "", "arguments": {"text": "x"}}', offer=offer).content == ""


every_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@settings(deadline=None)
@given(
    every_text, st.booleans(), st.sampled_from([None, (",", ":")]), st.lists(st.integers(0, 999), max_size=20)
)
def test_the_text_arrives_as_it_is_however_it_is_cut(text, ascii_only, separators, places):
    written = json.dumps(
        {"name": "answer", "arguments": {"text": text}}, ensure_ascii=ascii_only, separators=separators
    )
    at = sorted({place % (len(written) + 1) for place in places})
    arriving = ArrivingText(OFFER)
    pieces = [
        arriving.feed(written[begin:end]) for begin, end in zip([0, *at], [*at, len(written)], strict=True)
    ]
    assert "".join(pieces) == arriving.text == text == read(written).content


@settings(deadline=None)
@given(st.text(alphabet='ab"\\u{}:[],01dDfF8 \n', max_size=60), st.lists(st.integers(0, 99), max_size=9))
def test_any_writing_is_read_alike_whole_and_in_pieces(rest, places):
    written = '{"name": "answer", "arguments": {"text": "' + rest
    at = sorted({place % (len(written) + 1) for place in places})
    whole, pieces = ArrivingText(OFFER), ArrivingText(OFFER)
    whole.feed(written)
    for begin, end in zip([0, *at], [*at, len(written)], strict=True):
        pieces.feed(written[begin:end])
    assert pieces.text == whole.text
    read(written).content.encode()


@settings(deadline=None)
@given(st.text(alphabet='{}"nameargtsx:, \\', max_size=60))
def test_any_text_is_read(text):
    read(text).content.encode()


def test_no_text_arrives_of_a_call_or_of_a_schema_of_its_own():
    call, required = ArrivingText(OFFER), ArrivingText(Offer((), ""))
    own = ArrivingText(Offer((), "answer", {}))
    assert call.feed('{"name": "add", "arguments": {"text": "x"}}') == ""
    assert required.feed('{"name": "", "arguments": {"text": "x"}}') == ""
    assert own.feed('{"name": "answer", "arguments": {"text": "x"}}') == ""


def test_nothing_after_the_text_counts():
    arriving = ArrivingText(OFFER)
    assert arriving.feed('{"name": "answer", "arguments": {"text": "a"}} "text": "b"') == "a"
    assert arriving.feed('c"') == ""


def test_a_long_text_in_small_pieces():
    arriving = ArrivingText(OFFER)
    arriving.feed('{"name": "answer", "arguments": {"text": "')
    assert sum(len(arriving.feed("xxxxx")) for _ in range(100_000)) == 500_000

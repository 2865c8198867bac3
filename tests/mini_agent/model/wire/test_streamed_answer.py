from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.conversation import ToolCall, Usage
from mini_agent.model.wire.failure import Server, UpstreamError
from mini_agent.model.wire.streamed_answer import StreamedAnswer

SERVER = Server("h:1")


def delta(finish: str | None = None, **fields: object) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}).encode()


def part(index: object = 0, identifier: object = None, name: object = None, arguments: object = None) -> dict:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    call = {"index": index, "id": identifier, "function": function}
    return {key: value for key, value in call.items() if value is not None}


def take(*events: bytes) -> StreamedAnswer:
    streamed = StreamedAnswer(SERVER)
    for event in events:
        streamed.take(event)
    return streamed


def calls(*parts: dict) -> list[tuple[str, str]]:
    events = [delta(tool_calls=[one]) for one in parts]
    return [(one.name, one.arguments_text) for one in take(*events, delta("tool_calls")).answer().tool_calls]


def test_text_is_put_together():
    answer = take(
        delta(role="assistant", content=""), delta(content="a"), delta(content="b"), delta("stop")
    ).answer()
    assert (answer.content, answer.finish_reason, answer.usage) == ("ab", "stop", Usage())


def test_neither_a_reason_nor_a_mark():
    with pytest.raises(UpstreamError, match="without a finish reason"):
        take(delta(content="a")).answer()
    assert take(delta(content="a"), b" [DONE] ").answer().finish_reason == "stop"
    assert take(delta(content="a"), delta("length")).answer().finish_reason == "length"


def test_calls_by_index():
    parts = [
        part(0, "a", "f", ""),
        part(1, "b", "g"),
        part(0, arguments='{"x"'),
        part(1, arguments="{}"),
        part(0, arguments=": 1}"),
    ]
    assert calls(*parts) == [("f", '{"x": 1}'), ("g", "{}")]


@pytest.mark.parametrize("index", [None, 0])
def test_calls_without_an_index_of_their_own(index):
    parts = [part(index, "a", "f", "{}"), part(index, "b", "g", '{"y"'), part(index, None, None, ": 2}")]
    assert calls(*parts) == [("f", "{}"), ("g", '{"y": 2}')]


def test_an_id_that_is_sent_again_is_the_same_call():
    assert calls(part(0, "a", "f", "{"), part(0, "a", "f", "}")) == [("f", "{}")]


def test_arguments_as_an_object_and_none_at_all():
    assert calls(part(0, "a", "f", {"x": 1}), part(1, "b", "g")) == [("f", '{"x": 1}'), ("g", "{}")]


def test_ids_are_made_where_they_lack():
    events = [delta(tool_calls=[part(0, None, "f"), part(1, None, "g")]), delta("tool_calls")]
    found = take(*events).answer().tool_calls
    assert len({one.id for one in found} - {""}) == 2
    assert isinstance(found[0], ToolCall)


def test_half_a_character_waits_for_its_other_half():
    streamed = StreamedAnswer(SERVER)
    given_out = [streamed.take(delta(content=text)) for text in ("a\ud83d", "\ude00b", "\ud83d")]
    streamed.take(delta("stop"))
    assert "".join(given_out) == "a\U0001f600b" == streamed.answer().content


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
arguments = st.dictionaries(texts, st.integers() | texts, max_size=3).map(json.dumps)


@settings(deadline=None)
@given(st.lists(texts, max_size=5), st.lists(arguments, max_size=4), st.data())
def test_however_an_answer_is_cut_it_is_the_same(pieces, all_arguments, data):
    events = [delta(content=one) for one in pieces]
    for index, text in enumerate(all_arguments):
        at = data.draw(st.integers(0, len(text)))
        events.append(delta(tool_calls=[part(index, f"id{index}", f"f{index}", text[:at])]))
        events.append(delta(tool_calls=[part(index, arguments=text[at:])]))
    answer = take(*events, delta("stop"), b"[DONE]").answer()
    assert answer.content == "".join(pieces)
    assert [one.arguments_text for one in answer.tool_calls] == all_arguments


fields = [
    "choices",
    "delta",
    "content",
    "tool_calls",
    "function",
    "name",
    "arguments",
    "id",
    "index",
    "usage",
    "model",
]
shaped = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.booleans(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(fields), inner, max_size=4),
    max_leaves=14,
)


@settings(deadline=None)
@given(
    st.lists(shaped.map(lambda inner: json.dumps({"choices": [inner], "usage": inner}).encode()), max_size=3)
)
def test_any_json_is_taken_or_is_an_upstream_error(events):
    try:
        said = take(*events, b"[DONE]").answer().content
    except UpstreamError as error:
        said = str(error)
    assert said.encode() is not None

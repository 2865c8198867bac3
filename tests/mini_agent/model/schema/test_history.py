from __future__ import annotations

from mini_agent.model.schema.history import call_text, has_tool_traffic, plain_messages


def call(identifier: str, name: str, arguments: str) -> dict:
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


CONVERSATION = [
    {"role": "developer", "content": "be brief"},
    {"role": "user", "content": "add"},
    {
        "role": "assistant",
        "content": "I add.",
        "tool_calls": [call("1", "add", '{"a": 1}'), call("2", "sub", "")],
    },
    {"role": "tool", "tool_call_id": "1", "content": "3"},
    {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "no"}]},
    {"role": "assistant", "content": "It is 3."},
    {"role": "user", "content": "thanks"},
]


def test_a_conversation_becomes_plain():
    assert plain_messages(CONVERSATION) == [
        {"role": "system", "content": "be brief"},
        {"role": "user", "content": "add"},
        {
            "role": "assistant",
            "content": 'I add.\n{"name": "add", "arguments": {"a": 1}}\n{"name": "sub", "arguments": {}}',
        },
        {"role": "user", "content": "Result of add: 3\nResult of sub: no"},
        {"role": "assistant", "content": "It is 3."},
        {"role": "user", "content": "thanks"},
    ]


def test_no_role_or_field_of_tools_is_left():
    for message in plain_messages(CONVERSATION):
        assert message["role"] in ("system", "user", "assistant")
        assert message.keys() == {"role", "content"}


def test_the_messages_themselves_are_not_changed():
    before = repr(CONVERSATION)
    plain_messages(CONVERSATION)
    assert repr(CONVERSATION) == before


def test_results_whose_call_is_gone():
    messages = [
        {"role": "tool", "tool_call_id": "9", "name": "add", "content": "3"},
        {"role": "tool", "content": None},
    ]
    assert plain_messages(messages) == [{"role": "user", "content": "Result of add: 3\nResult of the tool: "}]


def test_pictures_stay():
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:"}}]}
    assert plain_messages([picture]) == [picture]


def test_traffic():
    assert has_tool_traffic(CONVERSATION)
    assert not has_tool_traffic([{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": None}])


def test_the_text_of_a_call():
    assert call_text("f", {"a": "é"}) == '{"name": "f", "arguments": {"a": "é"}}'


def test_earlier_answers_stand_there_as_the_model_must_write_them():
    messages = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello!"}]
    assert (
        plain_messages(messages, "answer")[1]["content"]
        == '{"name": "answer", "arguments": {"text": "Hello!"}}'
    )
    assert plain_messages(messages)[1]["content"] == "Hello!"
    calling = [
        message for message in plain_messages(CONVERSATION, "answer") if message["role"] == "assistant"
    ]
    assert '"arguments"' in calling[0]["content"]
    assert '{"name": "answer"' not in calling[0]["content"]

from __future__ import annotations

from collections import Counter
from itertools import chain

from hypothesis import given, settings
from hypothesis import strategies as st

from mini_agent.history.prune import SYSTEM, prune, size


def text(role, content="x"):
    return {"role": role, "content": content}


def calling(*ids, arguments="{}", content=None):
    calls = [
        {"id": one, "type": "function", "function": {"name": "t", "arguments": arguments}} for one in ids
    ]
    return {"role": "assistant", "content": content, "tool_calls": calls}


def result(id, content="r"):
    return {"role": "tool", "tool_call_id": id, "content": content}


def flat(parts):
    return list(chain.from_iterable(parts))


ids = st.sampled_from(["a", "b", "c"])
words = st.text(max_size=20)
plain = st.builds(text, st.sampled_from(["user", "assistant", "system", "developer"]), words)
pairs = st.lists(ids, min_size=1, max_size=3, unique=True).map(
    lambda some: [calling(*some), *map(result, some)]
)
loose = st.builds(calling, ids, ids) | st.builds(calling, ids) | st.builds(result, ids, words)
whole = st.lists(plain.map(lambda one: [one]) | pairs, max_size=8).map(flat)
anything = st.lists(plain.map(lambda one: [one]) | pairs | loose.map(lambda one: [one]), max_size=8).map(flat)
room = st.integers(0, 300)


def places(kept, messages):
    """Where the kept messages stood; identity, because equal messages are common here."""
    where = {id(one): place for place, one in enumerate(messages)}
    return [where[id(one)] for one in kept]


def copies(messages):
    return [dict(one) for one in messages]


def orphans(messages):
    """Calls without a result and results without a call; system messages between them do not count."""
    rest = [one for one in messages if one["role"] not in SYSTEM]
    found, open_calls = [], Counter()
    for one in rest:
        if one["role"] == "tool":
            if open_calls[one["tool_call_id"]] <= 0:
                found.append(one)
            open_calls[one["tool_call_id"]] -= 1
            continue
        found += [call for call, count in open_calls.items() if count > 0]
        open_calls = Counter(call["id"] for call in one.get("tool_calls") or ())
    return found + [call for call, count in open_calls.items() if count > 0]


@settings(deadline=None)
@given(anything, room)
def test_there_is_never_an_orphan(messages, most):
    assert orphans(prune(messages, most)) == []


@settings(deadline=None)
@given(anything, room)
def test_what_is_kept_is_unchanged_and_in_order(messages, most):
    messages = copies(messages)
    before = copies(messages)
    where = places(prune(messages, most), messages)
    assert where == sorted(where)
    assert messages == before


@settings(deadline=None)
@given(anything, room)
def test_system_messages_stay_in_place(messages, most):
    messages = copies(messages)
    where = places(prune(messages, most), messages)
    systems = [place for place, one in enumerate(messages) if one["role"] in SYSTEM]
    assert [place for place in where if messages[place]["role"] in SYSTEM] == systems


@settings(deadline=None)
@given(whole, room)
def test_the_last_pair_and_the_last_question_are_always_kept(messages, most):
    messages = copies(messages)
    where = places(prune(messages, most), messages)
    for wanted in ("tool_calls", "user"):
        found = [place for place, one in enumerate(messages) if one.get(wanted) or one["role"] == wanted]
        assert not found or found[-1] in where
    results = [place for place, one in enumerate(messages) if one["role"] == "tool"]
    assert not results or results[-1] in where


@settings(deadline=None)
@given(whole)
def test_what_fits_is_kept_whole(messages):
    assert prune(messages, sum(map(size, messages))) == tuple(messages)


@settings(deadline=None, max_examples=200)
@given(anything, room)
def test_only_what_is_always_kept_exceeds_the_size(messages, most):
    least = prune(messages, 0)
    kept = prune(messages, most)
    assert sum(map(size, kept)) <= max(most, sum(map(size, least)))


@settings(deadline=None)
@given(anything, room)
def test_pruning_again_changes_nothing(messages, most):
    once = prune(messages, most)
    assert prune(once, most) == once


@settings(deadline=None)
@given(whole, room, room)
def test_more_room_never_keeps_less(messages, one, other):
    messages = copies(messages)
    small, large = sorted((one, other))
    assert set(places(prune(messages, small), messages)) <= set(places(prune(messages, large), messages))


def test_arguments_count_towards_the_size():
    old = [calling("a", arguments="x" * 1000), result("a")]
    new = [text("user"), calling("b"), result("b")]
    assert prune([*old, *new], 900) == tuple(new)
    assert size(old[0]) > 1000


def test_every_kind_of_content_counts():
    image = {"type": "image_url", "image_url": {"url": "data:" + "A" * 500}}
    assert size({"role": "user", "content": [{"type": "text", "text": "abc"}, image]}) > 500
    assert size({"role": "assistant", "content": None, "n": 12}) == len("assistant") + 2


def test_the_oldest_go_first():
    messages = [text("user", f"{n}" * 10) for n in range(5)]
    assert prune(messages, 2 * size(messages[0])) == tuple(messages[3:])


def test_what_is_left_begins_with_a_question():
    messages = [text("user", "1"), text("assistant", "2"), text("user", "3"), text("assistant", "4")]
    most = sum(map(size, messages)) - 1
    assert prune(messages, most) == tuple(messages[2:])


def test_the_question_survives_the_pairs_that_follow_it():
    question, system = text("user", "what?"), text("system", "be brief")
    turns = [one for n in range(9) for one in (calling(f"{n}"), result(f"{n}", "y" * 50))]
    kept = prune([system, question, *turns], 300)
    assert kept[:2] == (system, question)
    assert kept[-2:] == tuple(turns[-2:])
    assert 4 < len(kept) < 12


def test_a_call_that_is_half_answered_goes_with_its_results():
    messages = [text("user"), calling("a", "b"), result("a")]
    assert prune(messages, 10_000) == (messages[0],)


def test_a_result_of_no_call_goes_and_the_pair_before_it_stays():
    messages = [text("user"), calling("a"), result("a"), result("z"), result("a")]
    assert prune(messages, 10_000) == tuple(messages[:3])

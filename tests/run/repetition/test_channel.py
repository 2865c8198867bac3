"""The line between the gate and its probes."""

from __future__ import annotations

import json
import os
import select

import pytest

from readiness.run.repetition.channel import Channel, events_in
from readiness.run.repetition.check_trials import Order
from readiness_probe.events import EventFile
from readiness_probe.orders import Orders


@pytest.fixture
def line(tmp_path):
    """Both ends: the gate's and a probe's."""
    folder, bell = str(tmp_path / "events"), str(tmp_path / "bell")
    channel = Channel(folder, bell)
    told = Channel.told(bell, cap=7, slots=2, seed=3)
    yield channel, Orders(told, folder, EventFile(folder))
    channel.close()
    assert not os.path.exists(bell)


def test_a_question_rings_and_its_answer_comes_back(line):
    channel, orders = line
    assert (orders.cap, orders.slots, orders.seed) == (7, 2, 3)
    question = orders.ask("test_a", running=1)
    assert select.select([channel.descriptor], [], [], 5)[0], "it rings"
    (heard,) = channel.hear()
    assert (heard.event["event"], heard.event["ask"], heard.event["running"]) == ("trial_ask", question, 1)
    assert not select.select([channel.descriptor], [], [], 0)[0], "and is silent again"
    assert orders.answer(question) == {}
    channel.answer(heard.file, question, Order(run=((4, 5),), cap=9))
    assert orders.answer(question)["run"] == [[4, 5]]


def test_half_a_line_is_waited_for(line, tmp_path):
    channel, orders = line
    orders.say("trial_start", id="a", number=1, seed=1)
    list(channel.hear())
    path = next((tmp_path / "events").glob("*.jsonl"))
    with path.open("ab") as file:
        file.write(b'{"event": "trial_')
        file.flush()
        assert list(channel.hear()) == []
        file.write(b'start"}\n')
    assert [one.event for one in channel.hear()] == [{"event": "trial_start"}]


def test_a_late_answer_to_an_older_question_is_not_taken_for_this_one(line):
    channel, orders = line
    first, second = orders.ask("a", 0), orders.ask("a", 0)
    file = next(iter(channel.hear())).file
    channel.answer(file, first, Order(run=((1, 1),)))
    assert orders.answer(second) == {}


def test_nobody_listening_is_no_harm(line, tmp_path):
    channel, orders = line
    orders.bell = str(tmp_path / "nowhere")
    orders.say("trial_start", id="a", number=1, seed=1)
    assert len(list(channel.hear())) == 1, "what is written is found without the bell"


def test_what_is_no_event_is_passed_over():
    lines = [b"nonsense", b"[1]", b'{"no": "event"}', b'{"event": "trial"}']
    assert list(events_in(b"\n".join(lines) + b"\n")) == [{"event": "trial"}]


def test_what_the_probe_is_told_is_json():
    assert json.loads(Channel.told("/x", cap=1, slots=1, seed=1))["patience"] > 1

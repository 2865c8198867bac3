from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readiness.record.value import replace
from readiness.relay.call import Call, Tokens, line_of
from readiness.relay.meter import CallsError, lost, meter, quantile, read_calls


def test_a_file_is_read_as_it_was_written(tmp_path, call):
    calls = [call(), call(trial=3, tokens=Tokens(), ttft=None, error="429", retry_after=7.0)]
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"".join(map(line_of, calls)) + b'{"format": 1, "at": "20')
    assert read_calls(str(path)) == tuple(calls), "a line without its end is left out"
    assert read_calls(str(tmp_path / "missing")) == ()


@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"nonsense\n", b"\n"])
def test_a_broken_line_names_its_place(tmp_path, call, line):
    path = tmp_path / "calls.jsonl"
    path.write_bytes(line_of(call()) + line)
    with pytest.raises(CallsError, match=r"calls\.jsonl:2: is no call"):
        read_calls(str(path))


def test_a_newer_versions_field_is_ignored(call):
    assert Call.from_json({"x": 1, **__import__("json").loads(line_of(call()))}) == call()


def test_the_sums(call):
    calls = [
        call(request_key="a", ttft=0.1, cost=0.5),
        call(request_key="b", ttft=0.3, tokens=Tokens(1, None), model_answered="tiny-2"),
        call(
            request_key="c",
            error="429",
            status=429,
            ttft=9.0,
            tokens=Tokens(),
            retry_after=7.0,
            model_answered="",
        ),
        call(request_key="d", error="refused", status=None, retries=1, ttft=None, tokens=Tokens()),
        call(request_key="e", stand_in=True, replay=True, counted=False, ttft=0.2, cold_start=True),
        call(check="other"),
    ]
    seen = meter(calls, "smokes")
    assert (seen.calls, seen.counted, seen.stand_ins, seen.replayed) == (5, 2, 1, 1)
    assert seen.tokens == Tokens(15, 4)
    assert (seen.ttft_median, seen.ttft_p95, seen.seconds) == (0.2, 0.3, 5.0)
    assert (seen.statuses, seen.errors) == ({"2xx": 3, "4xx": 1, "none": 1}, {"429": 1, "refused": 1})
    assert (seen.retries, seen.waits_asked, seen.cold_starts, seen.cold_seconds) == (1, 7.0, 1, 1.0)
    assert (seen.models, seen.cost) == (("tiny-1", "tiny-2"), 0.5)
    assert [one.request_key for one in seen.lost] == ["c", "d"]


def test_no_calls_are_no_evidence():
    seen = meter([], "smokes")
    assert (seen.calls, seen.counted, seen.tokens, seen.cost, seen.ttft_median) == (
        0,
        0,
        Tokens(),
        None,
        None,
    )


def test_a_trial_is_metered_by_itself(call):
    calls = [call(trial=None), call(trial=0), call(trial=1), call(trial=1)]
    assert [meter(calls, "smokes", trial).calls for trial in (None, 0, 1, 2)] == [4, 1, 2, 0]


def test_a_request_is_lost_when_its_last_attempt_failed(call):
    failed = call(error="429")
    assert lost([failed, call()]) == ()
    assert lost([call(), failed]) == (failed,)
    assert lost([failed, replace(failed, retries=1)]) == (replace(failed, retries=1),)
    assert len(lost([failed, call(trial=2), call(error="429", trial=3)])) == 2
    assert len(lost([call(error="client_gone", request_key="")] * 2)) == 2


def test_equal_requests_are_grouped(call):
    calls = [
        call(request_key="a", response_key="1", trial=0, seed=5, temperature=0.0),
        call(request_key="a", response_key="1", trial=1, seed=5, temperature=0.0),
        call(request_key="a", response_key="2", trial=2, seed=5, temperature=0.0),
        call(request_key="a", error="429"),
        call(request_key="b"),
    ]
    [group] = meter(calls, "smokes").repeats
    assert (group.calls, group.answers, group.trials, group.seed, group.temperature) == (3, 2, 3, 5, 0.0)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_one_of_the_values_and_covers_its_share(values, share):
    found = quantile(sorted(values), share)
    assert found in values
    assert sum(one <= found for one in values) >= share * len(values) - 1e-6
    assert quantile([], share) is None

"""Repeated trials through the whole gate. The model is a small server here, right at a known rate, chance from the seed."""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="the relay needs the extra [relay]")

MODEL = {"name": "tiny:1b", "model": "tiny:1b", "digest": "ab" * 32, "details": {}}

ASK = """\
import json, os, urllib.request
import pytest

def ask(question, seed, temperature=0.7):
    body = {"model": os.environ["OLLAMA_MODEL"], "stream": False,
            "options": {"seed": seed, "temperature": temperature},
            "messages": [{"role": "user", "content": question}]}
    url = os.environ["OLLAMA_API_BASE"] + "/api/chat"
    with urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode()), timeout=20) as reply:
        return json.load(reply)["message"]["content"]
"""
CAPITAL = f"{ASK}\ndef test_capital(trial):\n    assert ask('capital', trial.seed) == 'Paris'\n"


class Server(ThreadingHTTPServer):
    """`rate` is how often it is right; `fails` says of the n-th question which status it gets instead."""

    rate = 1.0
    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, Any]] = []
        self.fails: Callable[[int], int] = lambda _: 200
        self.digest = "ab" * 32

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        model = {**MODEL, "digest": self.server.digest}
        known = {"/api/version": {"version": "0.9.0"}, "/api/tags": {"models": [model]}}
        self.reply(200 if self.path in known else 404, known.get(self.path, {}))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        if self.path == "/api/show":
            self.reply(200, {**MODEL, "digest": self.server.digest})
            return
        self.server.asked.append(asked)
        status = self.server.fails(len(self.server.asked))
        chance = random.Random(asked.get("options", {}).get("seed")).random()
        said = "Paris" if chance < self.server.rate else "London"
        answer = {"model": "tiny:1b", "message": {"role": "assistant", "content": said}, "done": True}
        answer |= {"done_reason": "stop", "prompt_eval_count": 7, "eval_count": 2}
        self.reply(status, answer if status == 200 else {"error": "slow down"})

    def reply(self, status: int, data: object) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def model() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def config(
    trials: str = "{good: 0.95, bad: 0.80}", run: str = "pytest -q -p no:cacheprovider", more: str = ""
) -> str:
    given = f", trials: {trials}" if trials else ""
    return f"version: 2\nchecks:\n  - {{name: ask, lane: nd, run: '{run}'{given}{more}}}\n"


@pytest.fixture
def gate(make_project, model):
    """Run the nd lane of a project: its files, and how the model answers."""

    def make(files: dict[str, str], *words: str, git: bool = False):
        project = make_project({"readiness.yml": config(), **files}, git=git)

        def run(*more: str, **environ: str):
            return project.run(
                "--lane",
                "nd",
                "--no-strict",
                *words,
                *more,
                OLLAMA_API_BASE=model.base,
                READINESS_SEED="1",
                **environ,
            )

        run.project = project  # type: ignore[attr-defined]
        return run

    return make


def test_a_model_that_is_always_right_is_ready_in_eighteen_trials(gate, model):
    ran = gate({"test_a.py": CAPITAL})()
    check = ran.check("ask")
    assert (ran.code, check["outcome"]) == (0, "passed"), ran.out
    one = check["trials"]["tests"][0]
    assert (one["verdict"], one["passes"], one["fails"]) == ("READY", 18, 0)
    assert one["path"] == "P" * 18
    assert one["calls"] == 18 == len(model.asked)
    assert one["fixed"] > 40
    assert one["calls_saved"] == one["fixed"] - 18
    assert len({asked["options"]["seed"] for asked in model.asked}) == 18, "a new seed each"
    assert check["counts"]["passed"] == 1


def test_a_model_that_is_right_two_times_in_three_is_not_ready(gate, model):
    model.rate = 0.66
    ran = gate({"test_a.py": CAPITAL})()
    check = ran.check("ask")
    one = check["trials"]["tests"][0]
    assert (ran.code, check["outcome"], one["verdict"]) == (1, "failed", "NOT READY"), ran.out
    assert one["passes"] + one["fails"] < 30
    assert "London" in check["failures"][0]["message"]
    assert check["failures"][0]["where"].startswith("test_a.py:")


def test_a_budget_leaves_it_open_and_the_next_run_goes_on(gate, model):
    model.rate = 0.88
    files = {"readiness.yml": config("{good: 0.95, bad: 0.80, budget: {trials: 6}}"), "test_a.py": CAPITAL}
    run = gate(files, git=True)
    first = run().check("ask")
    assert first["outcome"] == "inconclusive"
    assert "budget of 6 trials" in first["reason"]
    assert first["trials"]["file"] == ".readiness/trials/ask.jsonl"
    before = first["trials"]["tests"][0]
    second = run().check("ask")["trials"]["tests"][0]
    assert second["carried"] == before["passes"] + before["fails"] == 6
    assert second["path"].startswith(before["path"])
    assert "goes on from 6 trials of run" in second["note"]
    assert len({asked["options"]["seed"] for asked in model.asked}) == len(model.asked), "no seed twice"


@pytest.mark.parametrize(
    ("what", "said"), [("code", "code"), ("model", "model"), ("prompts", "prompts"), ("sampling", "sampling")]
)
def test_evidence_begins_anew_when_something_that_matters_has_changed(gate, model, what, said):
    model.rate = 0.88
    source = CAPITAL.replace(
        "'capital', trial.seed",
        "os.environ.get('ASKED', 'capital'), trial.seed, float(os.environ.get('HEAT', '0.7'))",
    )
    files = {
        "readiness.yml": config("{good: 0.95, bad: 0.80, budget: {trials: 4}}", more=', inputs: ["*.py"]'),
        "test_a.py": source,
    }
    run = gate(files, git=True)
    run()
    environ = {}
    if what == "code":
        run.project.write({"test_a.py": source + "\n"})
    elif what == "model":
        model.digest = "cd" * 32
    else:
        environ = {"ASKED": "another"} if what == "prompts" else {"HEAT": "0.9"}
    one = run(**environ).check("ask")["trials"]["tests"][0]
    assert one["carried"] == 0
    assert "do not count any more" in one["note"]
    assert said in one["note"]


def test_what_the_infrastructure_spoils_is_no_trial(gate, model):
    model.fails = lambda number: 503 if number in (2, 7) else 200
    check = gate({"test_a.py": CAPITAL})().check("ask")
    one = check["trials"]["tests"][0]
    assert (one["verdict"], one["passes"], one["fails"], one["capacity"]) == ("READY", 18, 0, 2)


def test_infrastructure_that_is_down_leaves_the_question_open(gate, model):
    model.fails = lambda _: 503
    ran = gate({"test_a.py": CAPITAL})()
    check = ran.check("ask")
    assert (ran.code, check["outcome"]) == (3, "inconclusive"), ran.out
    assert "the infrastructure gave no answer" in check["reason"]
    assert 10 <= len(model.asked) < 20


def test_temperature_zero_counts_once(gate, model):
    source = f"{ASK}\ndef test_capital(trial):\n    assert ask('capital', 7, 0) == 'Paris'\n"
    check = gate({"test_a.py": source})().check("ask")
    one = check["trials"]["tests"][0]
    assert (check["outcome"], one["verdict"]) == ("inconclusive", "INCONCLUSIVE")
    assert one["passes"] == 1
    assert 3 <= one["duplicates"] < 8
    assert "nothing is left to chance" in check["reason"]


def test_a_trial_without_a_call_is_hollow(gate, model):
    check = gate({"test_a.py": "def test_nothing():\n    pass\n"})().check("ask")
    assert check["outcome"] == "hollow", check
    assert check["trials"]["tests"][0]["hollow"] == 3


def test_an_unchanged_suite_with_a_client_made_early_is_tried_one_at_a_time(gate, model):
    source = ASK.replace('os.environ["OLLAMA_API_BASE"]', "BASE").replace(
        "import pytest\n", 'import pytest\nBASE = os.environ["OLLAMA_API_BASE"]\n'
    )
    source += (
        "\ndef test_capital():\n    assert ask('capital', int(os.environ['READINESS_SEED'])) == 'Paris'\n"
    )
    check = gate({"test_a.py": source})().check("ask")
    one = check["trials"]["tests"][0]
    assert (one["verdict"], one["passes"], one["calls"]) == ("READY", 18, 18)
    assert "one trial at a time: its calls are told by their time" in one["note"]


def test_a_marker_alone_is_enough(gate, model):
    source = ASK + "\n".join(
        (
            "@pytest.mark.trials(good=.9, bad=.5)",
            "def test_repeated(trial): assert ask('a', trial.seed) == 'Paris'",
            "def test_once(): assert ask('b', 1) == 'Paris'",
            "",
        )
    )
    files = {
        "readiness.yml": config("", "pytest -q -p no:cacheprovider --strict-markers"),
        "test_a.py": source,
    }
    ran = gate(files)()
    check = ran.check("ask")
    assert check["outcome"] == "passed", ran.out
    assert [(one["test"], one["good"]) for one in check["trials"]["tests"]] == [
        ("test_a.py::test_repeated", 0.9)
    ]
    assert check["counts"]["passed"] == 2


def test_a_command_that_is_no_pytest_is_repeated_as_a_whole(gate, model):
    model.rate = 0.5
    script = (
        ASK.replace("import pytest\n", "")
        + "\nassert ask('a', int(os.environ['READINESS_SEED'])) == 'Paris'\n"
    )
    files = {"readiness.yml": config(run="python ask.py"), "ask.py": script}
    ran = gate(files)()
    check = ran.check("ask")
    one = check["trials"]["tests"][0]
    assert (check["outcome"], one["verdict"], one["test"]) == ("failed", "NOT READY", ""), ran.out
    assert one["passes"] + one["fails"] == len(model.asked)


def test_one_bad_test_among_several_fails_the_check_and_strict_ends_there(gate, model):
    source = CAPITAL + "def test_wrong(trial):\n    assert ask('x', trial.seed) == 'Rome'\n"
    source += "def test_last(trial):\n    assert ask('y', trial.seed) == 'Paris'\n"
    ran = gate({"test_a.py": source})("--strict")
    first, wrong, last = ran.check("ask")["trials"]["tests"]
    assert (ran.check("ask")["outcome"], first["verdict"], wrong["verdict"]) == (
        "failed",
        "READY",
        "NOT READY",
    )
    assert wrong["alpha"] == pytest.approx(0.05 / 3)
    assert (last["verdict"], last["passes"]) == ("INCONCLUSIVE", 0)
    assert "not needed any more" in last["reason"]


def test_a_proven_failure_ends_the_lane_of_a_strict_gate(gate, model):
    wrong = CAPITAL.replace("'Paris'\n", "'Rome'\n")
    checks = "".join(
        f"  - {{name: {name}, lane: nd, run: pytest -q, trials: {{good: 0.95, bad: 0.80}}}}\n"
        for name in "ab"
    )
    ran = gate({"readiness.yml": f"version: 2\nchecks:\n{checks}", "test_a.py": wrong})(
        "--jobs", "1", "--strict"
    )
    # Which of the two comes first is a matter of whose relay stands first.
    first, second = sorted(map(ran.check, "ab"), key=lambda one: one["outcome"])
    assert (first["outcome"], second["outcome"]) == ("failed", "not_run"), ran.out
    assert f"not needed any more: check {first['name']} is NOT READY" in second["reason"]
    assert len(model.asked) == first["trials"]["tests"][0]["calls"]


def test_a_core_check_may_be_repeated_too_in_its_own_network(make_project):
    source = "import random\ndef test_often(trial):\n    assert random.Random(trial.seed).random() < 0.5\n"
    check = "{name: a, lane: core, run: pytest -q, trials: {good: 0.95, bad: 0.80}}"
    project = make_project({"readiness.yml": f"version: 2\nchecks:\n  - {check}\n", "test_a.py": source})
    ran = project.run("--no-strict", READINESS_SEED="1")
    found = ran.check("a")
    assert (found["outcome"], found["network"], found["cached_from"]) == ("failed", "namespace", ""), ran.out
    assert found["trials"]["tests"][0]["verdict"] == "NOT READY"


def test_under_xdist_it_says_what_to_do(gate, model):
    pytest.importorskip("xdist")
    files = {"readiness.yml": config(run="pytest -q -n 2"), "test_a.py": CAPITAL}
    check = gate(files)().check("ask")
    assert check["outcome"] == "error"
    assert "-n0" in check["reason"]


KILLS = int(os.environ.get("READINESS_TEST_KILLS", "4"))
"""Each takes two seconds or more; twenty were tried."""


def trials_on_record(root) -> list[int]:
    """Numbers of the trials in the journal, in order."""
    path = root / ".readiness/latest/journal.jsonl"
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    events = [json.loads(line) for line in lines if line.endswith("\n")]
    return [event["trial"]["number"] for event in events if event["event"] == "trial"]


def trials_that_ended(root) -> set[int]:
    """Numbers of the trials whose outcome the probe wrote, whether the gate heard of it or not."""
    found = set()
    for path in (root / ".readiness/latest/probe/ask").glob("*.jsonl"):
        events = [
            json.loads(line) for line in path.read_text().splitlines(keepends=True) if line.endswith("\n")
        ]
        found |= {event["number"] for event in events if event["event"] == "trial"}
    return found


SCRIPT = (
    ASK.replace("import pytest\n", "") + "\nassert ask('a', int(os.environ['READINESS_SEED'])) == 'Paris'\n"
)
KILLED = {"pytest": ("pytest -q -p no:cacheprovider", KILLS), "a command": ("python ask.py", 2)}


@pytest.mark.parametrize(("command", "kills"), KILLED.values(), ids=KILLED)
def test_a_gate_killed_in_the_middle_of_trials_loses_and_doubles_no_trial(
    gate, model, wait_for, command, kills
):
    zone, needed = ("{good: 0.99, bad: 0.96}", 98) if kills == KILLS else ("{good: 0.95, bad: 0.80}", 18)
    run = gate({"readiness.yml": config(zone, command), "test_a.py": CAPITAL, "ask.py": SCRIPT})
    root, draw = run.project.root, random.Random(7)
    environ = {"OLLAMA_API_BASE": model.base, "READINESS_SEED": "1"}
    ended: set[int] = set()
    words = ("run", "--lane", "nd", "--no-strict", "--quiet")
    for _ in range(kills):
        before = len(trials_on_record(root))
        process = run.project.start(*words, **environ)
        wait_for(lambda before=before: len(trials_on_record(root)) > before, 60)
        time.sleep(draw.random() * 0.05)
        process.kill()
        process.communicate()
        time.sleep(0.2)
        ended |= trials_that_ended(root) | set(trials_on_record(root))
        words = ("run", "--resume", "--quiet")
    last = run.project.wait(run.project.start(*words, **environ))
    one = last.check("ask")["trials"]["tests"][0]
    recorded = trials_on_record(root)
    assert len(recorded) == len(set(recorded)), "none is counted twice"
    assert ended <= set(recorded), "none is lost"
    assert (one["verdict"], one["fails"]) == ("READY", 0), last.out
    assert one["passes"] == len(recorded) - one["capacity"]
    assert one["passes"] == needed
    assert last.report["resumed"] == kills


def test_a_run_that_was_interrupted_goes_on_with_its_trials(gate, model, wait_for):
    files = {
        "readiness.yml": config("{good: 0.99, bad: 0.96}", more=", inputs: ['*.py']"),
        "test_a.py": CAPITAL,
    }
    run = gate(files, git=True)
    root, environ = run.project.root, {"OLLAMA_API_BASE": model.base, "READINESS_SEED": "1"}
    process = run.project.start("run", "--lane", "nd", "--no-strict", "--quiet", **environ)
    wait_for(lambda: len(trials_on_record(root)) > 5, 60)
    process.send_signal(signal.SIGINT)
    stopped = run.project.wait(process)
    assert (stopped.code, stopped.check("ask")["outcome"]) == (130, "interrupted"), stopped.out
    assert (root / ".readiness/trials/ask.jsonl").exists(), "what a new run would go on from"
    resumed = run.project.wait(run.project.start("run", "--resume", "--quiet", **environ))
    one = resumed.check("ask")["trials"]["tests"][0]
    recorded = trials_on_record(root)
    assert (one["verdict"], one["passes"], one["carried"]) == ("READY", 98, 0), resumed.out
    assert len(recorded) == len(set(recorded)) == 98
    assert not (root / ".readiness/trials/ask.jsonl").exists(), "decided: nothing to go on from"

"""Rows 7 to 12 of the ways in which a gate lies: services and ports."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

SERVER = "python -m http.server {port} --bind 127.0.0.1"
FETCH = 'import os, urllib.request; print(urllib.request.urlopen(os.environ["WEB"], timeout=5).status)'


def config(services: str, *checks: str) -> str:
    return "version: 2\nservices:\n" + services + "checks:\n" + "".join(f"  - {check}\n" for check in checks)


def web(run: str = SERVER, more: str = "") -> str:
    return (
        f"  web: {{run: '{run}', ready: 'http://127.0.0.1:{{port}}/', "
        f"env: {{WEB: 'http://127.0.0.1:{{port}}/'}}{more}}}\n"
    )


def events(project) -> list[dict]:
    journal = project.root / ".readiness/latest/journal.jsonl"
    return [json.loads(line) for line in journal.read_text().splitlines()]


def test_lie_07_a_service_is_stopped_before_the_checks_that_need_it(make_project):
    code = "import os, pytest\ndef test_web():\n    pytest.skip('service is gone')\n"
    project = make_project({"test_late.py": code})
    lie = subprocess.run([sys.executable, "-m", "pytest", "-q"], cwd=project.root, capture_output=True)
    assert lie.returncode == 0, "the lie: the check skips because its service is gone, and that is green"

    project.write(
        {
            "fetch.py": FETCH,
            "readiness.yml": config(
                web(),
                "{name: early, lane: core, run: python fetch.py, services: [web]}",
                "{name: late, lane: core, run: 'sleep 0.5; python fetch.py', services: [web], needs: [early]}",
            ),
        }
    )
    ran = project.run()
    assert [one["outcome"] for one in ran.report["checks"]] == ["passed", "passed"]
    said = [
        (event["event"], event.get("service", event.get("result", {})).get("name"))
        for event in events(project)
    ]
    last_stop = max(place for place, one in enumerate(said) if one == ("service", "web"))
    assert last_stop > said.index(("check_finished", "late")), (
        "it was stopped after the last check that needs it"
    )


def test_lie_08_a_free_port_is_found_by_bind_close_reuse(make_project):
    with socket.socket() as first:
        first.bind(("127.0.0.1", 0))
        port = first.getsockname()[1]
    with socket.socket() as thief, socket.socket() as second:
        thief.bind(("127.0.0.1", port))
        assert second.connect_ex(("127.0.0.1", port)) != 0, (
            "the lie: the port that was free is somebody else's"
        )

    services = "".join(
        f"  s{number}: {{run: '{SERVER}', ready: 'tcp://127.0.0.1:{{port}}', env: {{P{number}: '{{port}}'}}}}\n"
        for number in range(4)
    )
    project = make_project(
        {
            "readiness.yml": config(
                services, "{name: a, lane: core, run: 'test $P0 -ne $P1', services: [s0, s1, s2, s3]}"
            )
        }
    )
    ran = project.run()
    assert ran.code == 0
    ports = [one["port"] for one in ran.report["services"]]
    assert len(set(ports)) == 4, "no two services of a run were given one port"


@pytest.mark.parametrize("then", ["exit 1", "sleep 60"])
def test_lie_08_a_lost_race_for_a_port_is_retried(make_project, wait_for, then):
    lose_once = (
        f"if [ -e taken ]; then exec {SERVER}; fi; "
        f"echo {{port}} > wanted.part; mv wanted.part wanted; while [ ! -e taken ]; do sleep 0.02; done; {then}"
    )
    project = make_project(
        {
            "readiness.yml": config(
                web(run=lose_once, more=", stand_in: true"),
                "{name: a, lane: nd, run: test -e readiness.yml, services: [web]}",
            )
        }
    )
    process = project.start("run", "--lane", "nd")
    wanted = project.root / "wanted"
    wait_for(wanted.exists)
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", int(wanted.read_text())))
        stranger.listen()
        (project.root / "taken").touch()
        ran = project.wait(process)
    (service,) = ran.report["services"]
    assert service["state"] == "stopped"
    assert service["port"] != int(wanted.read_text())
    assert ran.check("a")["exit_code"] == 0


def test_lie_09_something_answers_on_the_port_counts_as_our_service(make_project, free_port):
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", free_port))
        stranger.listen()
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", free_port)) == 0, (
                "the lie: somebody answers, so it must be ours"
            )

        project = make_project(
            {
                "readiness.yml": config(
                    f"  web: {{run: sleep 60, ready: 'tcp://127.0.0.1:{free_port}', timeout: 1, stand_in: true}}\n",
                    "{name: a, lane: nd, run: test -e readiness.yml, services: [web]}",
                )
            }
        )
        ran = project.run("--lane", "nd")
    assert ran.check("a")["outcome"] == "not_run"
    assert "process that this run did not start" in ran.check("a")["reason"]


def test_lie_10_a_service_fails_to_start_and_its_checks_vanish(make_project):
    lie = subprocess.run(["/bin/sh", "-c", "false && run_checks; exit 0"])
    assert lie.returncode == 0, "the lie: nothing ran, exit 0"

    project = make_project(
        {
            "readiness.yml": config(
                web(run="echo cannot bind >&2; exit 4"),
                "{name: a, lane: core, run: test -e readiness.yml, services: [web]}",
                "{name: b, lane: core, run: test -e readiness.yml}",
            )
        }
    )
    ran = project.run()
    assert ran.code == 1
    assert ran.check("a")["outcome"] == "not_run"
    assert "service web" in ran.check("a")["reason"]
    assert "cannot bind" in ran.check("a")["reason"]
    assert ran.check("b")["outcome"] == "passed"


def test_lie_11_a_stand_in_is_counted_as_the_real_thing(make_project):
    project = make_project(
        {
            "fetch.py": FETCH,
            "readiness.yml": config(
                web(more=", stand_in: true"),
                "{name: model, lane: nd, run: python fetch.py, services: [web]}",
                "{name: unit, lane: core, run: python fetch.py, services: [web]}",
            ),
        }
    )
    ran = project.run("--gate", "deploy", "--no-strict")
    assert ran.check("model")["exit_code"] == 0, "the lie: the exit code is 0, and only a fake was asked"
    assert ran.check("model")["outcome"] == "hollow"
    assert "stand-in (web)" in ran.check("model")["reason"]
    assert ran.check("model")["ran_against"] == ran.check("unit")["ran_against"] == "stub"
    assert ran.code == 1


def test_lie_12_the_gate_kills_whatever_holds_a_port(make_project, free_port):
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", free_port))
        somebody.listen()
        bind = subprocess.run(
            [sys.executable, "-m", "http.server", str(free_port), "--bind", "127.0.0.1"],
            capture_output=True,
            timeout=20,
        )
        assert bind.returncode != 0, "the temptation: the port is taken, so `fuser -k` it"
        project = make_project(
            {
                "readiness.yml": config(
                    f"  web: {{run: 'python -m http.server {free_port} --bind 127.0.0.1', "
                    f"ready: 'tcp://127.0.0.1:{free_port}', timeout: 2}}\n",
                    "{name: a, lane: nd, run: test -e readiness.yml, services: [web]}",
                )
            }
        )
        ran = project.run("--lane", "nd")
        assert ran.check("a")["outcome"] == "not_run"
        with socket.socket() as client:
            assert client.connect_ex(("127.0.0.1", free_port)) == 0, "its holder is untouched"

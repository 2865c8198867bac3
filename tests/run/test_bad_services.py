"""Services that never get ready, die, lie about their port, or will not end: said once, clearly, and nothing is left."""

from __future__ import annotations

import json
import re
import signal
import time
import uuid

SERVER = """
import http.server, os, signal, sys, threading, time

port, mode = int(sys.argv[1]), sys.argv[2]

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(500 if mode == "sick" else 200)
        self.end_headers()
    def log_message(self, *words):
        pass

if mode == "deaf":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if mode == "background":
    leader = os.getpid()
    if os.fork():
        os._exit(0)
    os.setsid()
    while os.getppid() == leader:
        time.sleep(0.01)
    time.sleep(0.5)
if mode == "below" and os.fork():
    os.wait()
    os._exit(0)
if mode == "below":
    os.setsid()
    if os.fork():
        time.sleep(300)
server = http.server.HTTPServer(("127.0.0.1", port + (13_000 if mode == "elsewhere" else 0)), Handler)
if mode == "mortal":
    def wait_for_the_end():
        while not os.path.exists(sys.argv[3]):
            time.sleep(0.02)
        print("giving up", flush=True)
        os._exit(7)
    threading.Thread(target=wait_for_the_end, daemon=True).start()
server.serve_forever()
"""


def service(mode: str, *, timeout: float = 20.0, before: str = "", more: str = "", **keys: object) -> dict:
    return {
        "run": f"{before}exec python server.py {{port}} {mode} {more}",
        "ready": {"url": "http://127.0.0.1:{port}/"},
        "timeout": timeout,
        "stop_timeout": 0.3,
        **keys,
    }


SERVICES = {
    "silent": {"run": "exec sleep 300", "ready": {"tcp": "127.0.0.1:{port}"}, "timeout": 3},
    "dies_at_once": {"run": "echo boom; exit 3", "ready": {"log": "never"}, "timeout": 20},
    "elsewhere": service("elsewhere", timeout=6),
    "sick": service("sick", timeout=6),
    "background": service("background", timeout=20),
    "refuses": {"run": "exec sleep 300", "ready": {"command": "exit 4"}, "timeout": 3},
    "not_there": {"run": "no-such-server", "ready": {"log": "never"}, "timeout": 20},
    "no_folder": {"run": "true", "ready": {"log": "never"}, "cwd": "nowhere"},
    "mortal": service("mortal", more="die"),
    "brief": service("mortal", more="die2"),
    "chatty": service("well", before="yes & "),
    "deaf": service("deaf"),
    "below": service("below", env={"BELOW": "{port}"}),
    "needs_sick": service("well", needs=["sick"]),
}

CHECKS = {
    "silent": ("not_run", "service silent is not usable: not ready within 3 s: 127.0.0.1:"),
    "dies_at_once": ("not_run", r"service dies_at_once ended before it was ready \(exit code 3\): boom"),
    "elsewhere": (
        "not_run",
        r"not ready within 6 s: it listens on port \d+, not on \d+, the one it was given",
    ),
    "sick": ("not_run", r"not ready within 6 s: http://127.0.0.1:\d+/ answered 500"),
    "background": (
        "not_run",
        "went into the background, where it cannot be watched; run it in the foreground",
    ),
    "refuses": ("not_run", "not ready within 3 s: `exit 4` ended with exit code 4"),
    "not_there": ("not_run", r"ended before it was ready \(exit code 127\): .*no-such-server"),
    "no_folder": ("not_run", "service no_folder could not be started: .*nowhere: No such file or directory"),
    "mortal": (
        "error",
        r"service mortal died after it was ready \(exit code 7\): giving up; then: the command",
    ),
    "brief": ("passed", "exit code 0"),
    "after_brief": ("not_run", r"service brief died after it was ready \(exit code 7\): giving up"),
    "chatty": ("passed", "exit code 0"),
    "deaf": ("passed", "exit code 0"),
    "below": ("passed", "exit code 0"),
    "needs_sick": ("not_run", "service sick is not usable"),
}
COMMANDS = {
    "mortal": "touch die; sleep 1.5; exit 9",
    "brief": "touch die2; sleep 1.5; test 1",
    "below": "python -c \"import os, socket; socket.create_connection(('127.0.0.1', int(os.environ['BELOW'])))\"",
}


def check(name: str) -> dict:
    entry = {"name": name, "lane": "core", "run": COMMANDS.get(name, "test 1"), "services": [name]}
    return entry | ({"services": ["brief"], "needs": ["brief"]} if name == "after_brief" else {})


def config() -> str:
    return json.dumps({"version": 2, "services": SERVICES, "checks": [check(name) for name in CHECKS]})


def test_every_bad_service_is_told_with_its_reason_and_none_is_left(make_project, marked):
    project = make_project({"readiness.yml": config(), "server.py": SERVER})
    mark = str(uuid.uuid4())
    ran = project.run("--quiet", "--grace", "0.2", "--jobs", "8", MARK=mark)
    assert (ran.code, ran.err) == (1, "")
    assert marked(mark) == []
    for name, (outcome, reason) in CHECKS.items():
        seen = ran.check(name)
        assert seen["outcome"] == outcome, (name, seen["reason"])
        assert re.search(reason, seen["reason"]), (name, seen["reason"])
    states = {one["name"]: one for one in ran.report["services"]}
    assert states["deaf"]["state"] == states["chatty"]["state"] == "stopped"
    assert all(one["survivors"] == [] for one in states.values())
    assert "brief died after it was ready" in " ".join(ran.check("brief")["warnings"])
    assert (project.root / states["chatty"]["log"]).stat().st_size > 10_000


def test_a_service_that_two_lanes_need_runs_once_in_each_network(make_project):
    two = json.dumps(
        {
            "version": 2,
            "services": {"s": {"run": "echo up >> ups; exec sleep 300", "ready": {"log": ""}, "timeout": 5}},
            "checks": [
                {"name": "a", "lane": "core", "run": "test 1", "services": ["s"]},
                {"name": "b", "lane": "live", "run": "test 1", "services": ["s"]},
            ],
        }
    ).replace('"log": ""', '"command": "test -e ups"')
    project = make_project({"readiness.yml": two})
    ran = project.run("--quiet", "--lane", "core", "--lane", "live")
    assert ran.check("a")["outcome"] == "passed"
    assert "no metered call" in ran.check("b")["reason"], "it ran, and the lane asks for more"
    networks = {ran.check(name)["network"] for name in ("a", "b")}
    ups = (project.root / "ups").read_text().count("up")
    assert ups == len(networks)


def test_ctrl_c_while_a_service_starts_ends_at_once(make_project, marked, wait_for):
    slow = {
        "run": "touch starting; exec sleep 300",
        "ready": {"log": "never"},
        "timeout": 60,
        "stop_timeout": 0.3,
    }
    checks = [{"name": "a", "lane": "core", "run": "test 1", "services": ["slow"]}]
    text = json.dumps({"version": 2, "services": {"slow": slow}, "checks": checks})
    project = make_project({"readiness.yml": text})
    mark = str(uuid.uuid4())
    process = project.start("run", MARK=mark)
    wait_for((project.root / "starting").exists)
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    ran = project.wait(process)
    assert time.monotonic() - began < 5
    assert (ran.code, ran.report["verdict"]) == (130, "INCONCLUSIVE")
    assert ran.check("a")["outcome"] == "interrupted"
    assert marked(mark) == []


def test_a_stranger_on_the_port_is_not_taken_for_the_service(make_project):
    """The port is named, not handed out: somebody else's server answers there."""
    import http.server
    import threading

    stranger = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    threading.Thread(target=stranger.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{stranger.server_port}/"
        services = {"s": {"run": "exec sleep 300", "ready": {"url": url}, "timeout": 5, "stop_timeout": 0.2}}
        checks = [{"name": "a", "lane": "live", "run": "test 1", "services": ["s"]}]
        text = json.dumps({"version": 2, "services": services, "checks": checks})
        ran = make_project({"readiness.yml": text}).run("--quiet", "--lane", "live")
    finally:
        stranger.shutdown()
        stranger.server_close()
    assert ran.check("a")["outcome"] == "not_run"
    assert (
        f"port {stranger.server_port} is held by a process that this run did not start"
        in ran.check("a")["reason"]
    )

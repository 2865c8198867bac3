"""Output that is no text: kept byte for byte in the log, harmless in every report."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

NASTY = rb"""import os, sys
out = b"\xff\xfe not UTF-8 \xc3\x28\n"
out += b"a\0b\0c\n"
out += b"\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J\x1b[1;1H \x9b31m\r overwritten\n"
out += "\u202eright to left\u202c ]]> <b> & \u2028 \ufffe\n".encode()
out += b"::error file=x::forged\n"
os.write(1, out)
sys.exit(3)
"""


def config(**checks: str) -> str:
    entries = [{"name": name, "lane": "core", "run": run, "timeout": 60} for name, run in checks.items()]
    return json.dumps({"version": 2, "checks": entries})


def test_bytes_that_are_no_text_stay_in_the_log_and_harm_no_report(make_project):
    project = make_project({"readiness.yml": config(nasty="python nasty.py")})
    (project.root / "nasty.py").write_bytes(NASTY)
    ran = project.run(GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(project.root / "summary.md"))
    assert (ran.code, ran.err) == (1, "")
    check = ran.check("nasty")
    assert (check["outcome"], check["exit_code"]) == ("failed", 3)
    log = (project.root / check["log"]).read_bytes()
    assert log.startswith(b"\xff\xfe not UTF-8 \xc3\x28\na\0b\0c\n\x1b[31mred")
    assert not {"\x1b", "\0", "\x9b", "\r", "\u202e", "\x07"} & set(ran.out)
    ElementTree.parse(project.root / ".readiness/latest/junit/nasty.xml")
    (project.root / "PROJECT_READY.md").read_bytes().decode()
    assert "\x1b" not in (project.root / "summary.md").read_bytes().decode()


def test_a_line_without_an_end_is_streamed_and_kept(make_project):
    project = make_project({"readiness.yml": config(long="head -c 20000000 /dev/zero | tr '\\0' x; test 1")})
    ran = project.run()
    assert (ran.code, ran.err) == (0, "")
    assert (project.root / ran.check("long")["log"]).stat().st_size == 20_000_000
    assert max(map(len, ran.out.splitlines())) < 2_100, "what is shown of it is bounded"


def test_the_end_of_a_long_output_is_what_the_record_holds(make_project):
    project = make_project({"readiness.yml": config(long="seq 300000; exit 1")})
    check = project.run("--quiet").check("long")
    assert check["last_output"].endswith("299999\n300000\n")
    assert len(check["last_output"]) <= 4096
    assert check["last_output"].splitlines()[0].isdecimal(), "whole lines"

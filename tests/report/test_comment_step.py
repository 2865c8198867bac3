"""The step of docs/reports.md that keeps one comment up to date, run as it stands with a stand-in for GitHub's `gh`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

from readiness.record.record import Record
from readiness.record.value import replace
from readiness.report.github import comment

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reports.md"
GH = """#!{python}
import json, re, sys
words, store = sys.argv[1:], "{store}"
comments = json.load(open(store))
path = next(word for word in words if word.startswith("repos/"))
if "--method" in words:
    field = words[words.index("-F") + 1]
    name, _, file = field.partition("=@")
    assert name == "body"
    method, body = words[words.index("--method") + 1], open(file).read()
    if method == "POST":
        assert path == "repos/o/r/issues/7/comments"
        comments.append({{"id": len(comments) + 1, "body": body}})
    else:
        comments[int(path.removeprefix("repos/o/r/issues/comments/")) - 1]["body"] = body
    json.dump(comments, open(store, "w"))
else:
    wanted = json.loads(re.search(r"startswith\\((.*)\\)\\) \\| \\.id$", words[words.index("--jq") + 1])[1])
    print("\\n".join(str(one["id"]) for one in comments if one["body"].startswith(wanted)))
"""


def step() -> str:
    (found,) = re.findall(r"Comment on the pull request\n.*?run: \|\n(.*?)```", DOCS.read_text(), re.DOTALL)
    return textwrap.dedent(found)


def test_the_first_run_writes_a_comment_and_later_ones_change_it(
    seed: Record, ready: Record, tmp_path: Path
) -> None:
    store, run = tmp_path / "comments.json", tmp_path / ".readiness" / "latest"
    store.write_text(json.dumps([{"id": 1, "body": "what a person said"}]))
    run.mkdir(parents=True)
    gh = tmp_path / "bin" / "gh"
    gh.parent.mkdir()
    gh.write_text(GH.format(python=sys.executable, store=store))
    gh.chmod(0o755)
    environ = {
        **os.environ, "PATH": f"{gh.parent}:{os.environ['PATH']}", "GITHUB_REPOSITORY": "o/r",
        "COMMENTS": "repos/o/r/issues/7/comments",
    }  # fmt: skip
    other = replace(ready, header=replace(ready.header, gate='$(touch evil) "`x`'))
    for record in (seed, ready, other, seed):
        (run / "comment.md").write_text(comment(record))
        # As the runner starts it.
        subprocess.run(["bash", "-e", "-o", "pipefail", "-c", step()], cwd=tmp_path, env=environ, check=True)
    bodies = [one["body"] for one in json.loads(store.read_text())]
    assert bodies == ["what a person said", comment(seed), comment(other)]
    assert not (tmp_path / "evil").exists()

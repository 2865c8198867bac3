"""Records trials of small tasks on the embedded model, for comparing decisions on them without asking it again.

    python bench/trials_record.py [--trials 150] [--out bench/trials-recorded.jsonl]

Each trial has a seed of its own; four run at once. The file is what `readiness trials check` reads.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from model import COMMAND, TASKS, Task, ask

from readiness.trials.recorded import Conditions, RecordedTrial, TrialOutcome, header_line, trial_line

TEMPERATURE = 0.7
CHOSEN = ("schema_shape", "mood_good", "repeat_word", "mood_bad", "extract_person", "capital")


def digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def one_trial(url: str, task: Task, seed: int) -> RecordedTrial:
    body = {
        "model": "smollm2",
        "messages": [{"role": "user", "content": task.prompt}],
        "max_tokens": 48,
        **task.fields,
        "temperature": TEMPERATURE,
        "seed": seed,
    }
    try:
        answer = ask(url, body)
    except OSError:
        outcome = TrialOutcome.CAPACITY
    else:
        passed = task.passed(answer["choices"][0]["message"])
        outcome = TrialOutcome.PASSED if passed else TrialOutcome.FAILED
    return RecordedTrial(task.name, outcome, digest(task.prompt), seed, "bench")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--trials", type=int, default=150)
    parser.add_argument("--out", default="bench/trials-recorded.jsonl")
    arguments = parser.parse_args()
    words = [sys.executable, "-c", COMMAND, "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            url = next(line.split()[-1] for line in server.stdout if "listening on" in line)
            with urllib.request.urlopen(f"{url}/v1/models", timeout=10) as answered:
                model = json.load(answered)["data"][0]["identity"]["digest"]
            tasks = [task for task in TASKS if task.name in CHOSEN]
            prompts = digest(*(task.prompt for task in tasks))
            conditions = Conditions("bench/model.py", prompts, model, f"temperature {TEMPERATURE}")
            lines = [header_line(conditions)]
            for task in tasks:
                with ThreadPoolExecutor(4) as pool:
                    found = list(
                        pool.map(lambda seed, t=task: one_trial(url, t, seed), range(1, arguments.trials + 1))
                    )
                lines += map(trial_line, found)
                print(task.name, sum(one.passed for one in found), "of", len(found), flush=True)
        finally:
            server.terminate()
    with open(arguments.out, "w", encoding="utf-8") as file:
        file.write("".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())

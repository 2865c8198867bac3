"""An OpenAI-compatible server whose answers stand in the question: `python scripted_model.py PORT`.

The first message holds `SCRIPT {"id": …, "replies": [reply, …]}`; the n-th request with an id gets the n-th reply, the
last one from then on. A reply is a text, or an object with any of `content`, `tool_calls` ([{name, arguments}]),
`usage`, `sleep` (seconds), `status` and `headers` (an error). `{seen}` in a content becomes the roles and sizes of the
messages that were sent; `replies` may also map names of models to lists. A question without a script is answered by
calling the first tool on offer: so it shows that it can. Nothing is left to chance, and one server
serves many tests at once.
"""

from __future__ import annotations

import collections
import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODELS = ("scripted", "scripted-large")
asked: collections.Counter[tuple[str, str]] = collections.Counter()
lock = threading.Lock()


def reply_for(body: dict[str, Any]) -> dict[str, Any]:
    text = str(body["messages"][0].get("content"))
    if "SCRIPT " not in text:
        # Somebody wants to know what this model can do: it calls the tools that it is offered.
        offered = [{"name": tool["function"]["name"], "arguments": {}} for tool in body.get("tools") or ()]
        return {"tool_calls": offered[:1]} if offered else {"content": "ok"}
    script = json.loads(text.partition("SCRIPT ")[2])
    replies = script["replies"]
    if isinstance(replies, dict):
        replies = replies[body["model"]]
    with lock:
        number = asked[script["id"], body["model"]]
        asked[script["id"], body["model"]] += 1
    found = replies[min(number, len(replies) - 1)]
    return {"content": found} if isinstance(found, str) else found


def seen(messages: list[dict[str, Any]]) -> str:
    return json.dumps([[one["role"], len(str(one.get("content") or ""))] for one in messages[1:]])


def message_of(reply: dict[str, Any], body: dict[str, Any], number: int) -> dict[str, Any]:
    content = reply.get("content")
    if content:
        content = content.replace("{seen}", seen(body["messages"]))
    message: dict[str, Any] = {"role": "assistant", "content": content}
    if calls := reply.get("tool_calls"):
        message["tool_calls"] = [
            {
                "id": call.get("id", f"call_{number}_{index}"),
                "type": "function",
                "function": {
                    "name": call["name"],
                    "arguments": call["arguments"]
                    if isinstance(call["arguments"], str)
                    else json.dumps(call["arguments"]),
                },
            }
            for index, call in enumerate(calls)
        ]
    return message


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        held = [{"id": name, "object": "model", "created": 1, "owned_by": "tests"} for name in MODELS]
        self.answer(200, {"object": "list", "data": held})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("content-length", 0))))
        reply = reply_for(body)
        time.sleep(reply.get("sleep", 0))
        if "status" in reply:
            error = {"message": "as the script says", "type": "server_error", "param": None, "code": None}
            self.answer(reply["status"], {"error": error}, reply.get("headers", {}))
            return
        message = message_of(reply, body, len(body["messages"]))
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        usage = {"prompt_tokens": 10, "completion_tokens": 5, **reply.get("usage", {})}
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]
        about = {"id": "chatcmpl-1", "created": 1, "model": body["model"], "system_fingerprint": "scripted"}
        if body.get("stream"):
            self.stream(about, message, finish, usage)
        else:
            choice = {"index": 0, "message": message, "finish_reason": finish}
            self.answer(200, {**about, "object": "chat.completion", "choices": [choice], "usage": usage})

    def stream(
        self, about: dict[str, Any], message: dict[str, Any], finish: str, usage: dict[str, int]
    ) -> None:
        about = {**about, "object": "chat.completion.chunk"}
        calls = [{"index": index, **call} for index, call in enumerate(message.get("tool_calls") or ())]
        deltas = [
            {"role": "assistant"},
            *({"content": word} for word in (message["content"] or "").split(" ")),
        ]
        deltas += [{"tool_calls": [call]} for call in calls]
        chunks = [{**about, "choices": [{"index": 0, "delta": one, "finish_reason": None}]} for one in deltas]
        chunks.append({**about, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        chunks.append({**about, "choices": [], "usage": usage})
        text = "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + "data: [DONE]\n\n"
        self.send(200, text.encode(), {"Content-Type": "text/event-stream"})

    def answer(self, status: int, data: object, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(data).encode(), {"Content-Type": "application/json", **(headers or {})})

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, text in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()

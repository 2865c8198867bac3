from __future__ import annotations

import json

from readiness.relay.refusal import error_body


def test_each_client_gets_the_shape_it_reads():
    def body(kind, status=502):
        return json.loads(error_body(kind, status, "refused", 'not "there"'))

    assert body("openai")["error"] == {
        "message": 'not "there"',
        "type": "server_error",
        "param": None,
        "code": "refused",
    }
    assert body("openai", 404)["error"]["type"] == "invalid_request_error"
    assert body("ollama") == {"error": 'not "there"'}
    assert body("anthropic") == {"type": "error", "error": {"type": "api_error", "message": 'not "there"'}}
    assert body("anthropic", 404)["error"]["type"] == "not_found_error"
    assert body("other") == {"error": {"message": 'not "there"', "type": "refused"}}

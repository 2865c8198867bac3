"""A JSON schema binds the model, whatever it would rather say."""

from __future__ import annotations

import json

import jsonschema
import pytest

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 30}, "population": {"type": "integer"}},
    "required": ["city", "population"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(5))
def test_every_answer_fits_the_schema(ask, seed):
    form = {"type": "json_schema", "json_schema": {"name": "city", "schema": SCHEMA, "strict": True}}
    answer = ask(
        "Name a city and its population.", temperature=0.7, seed=seed, response_format=form, max_tokens=120
    )
    jsonschema.validate(json.loads(answer["choices"][0]["message"]["content"]), SCHEMA)

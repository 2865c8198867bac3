"""OpenAI's chat completions over the embedded model, refusals included."""

"""OpenAI's chat completions, answered by the configured model: https://platform.openai.com/docs/api-reference/chat."""

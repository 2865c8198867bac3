"""The chat model: settings, an OpenAI-compatible client with retries and fallback, schema tool mode, stand-ins."""

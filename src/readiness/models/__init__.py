"""The embedded model: a small real model in this process, behind Ollama's and OpenAI's HTTP interfaces."""

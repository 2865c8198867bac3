"""One exchange with an OpenAI-compatible server: request, connection, stream, answer, failure."""

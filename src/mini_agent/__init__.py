"""An agent service: a bounded loop of a chat model and tools, as a server, a command and a library."""

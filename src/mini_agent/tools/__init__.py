"""Where tools come from: local and sandboxed, over HTTP, over MCP."""

"""Tools of an MCP server (https://modelcontextprotocol.io), a process of the operator's choice or a URL."""

"""Headers that a caller asks to be sent to tool servers: read, checked, merged, kept out of messages."""

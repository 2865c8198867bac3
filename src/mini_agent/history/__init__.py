"""The conversation as it is sent: what is left out when it grows too long, and what a server could not read."""

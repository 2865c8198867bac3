"""Which state a test leaves changed, and whether that is why another one fails. See docs/isolation.md."""

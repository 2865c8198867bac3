"""Which test leaks the state that makes another fail: the host's side of the probe's tracing. See docs/isolation.md."""

"""What happened: numbers for Prometheus, one line a run on disk, spans for OpenTelemetry."""

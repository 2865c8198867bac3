"""Running checks: processes, files, sockets and clocks. Everything around this room is values."""

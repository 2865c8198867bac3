"""The tools that run on this machine: generated Python code and a few programs, in the sandbox."""

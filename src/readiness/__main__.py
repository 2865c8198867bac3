"""`python -m readiness` is the `readiness` command."""

from readiness.cli.main import entry

if __name__ == "__main__":
    entry()

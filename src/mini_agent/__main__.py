"""`python -m mini_agent`."""

from mini_agent.cli.main import entry

if __name__ == "__main__":
    entry()

"""One file for an outside reviewer, human or model: all that the findings rest on, within a budget of tokens."""

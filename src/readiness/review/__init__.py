"""What a person reads when the gate is red: every statement with its evidence. See docs/review.md."""

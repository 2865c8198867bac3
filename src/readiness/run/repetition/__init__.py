"""Repeated trials of nd and live checks: what each one was, what all say together, and when to stop."""

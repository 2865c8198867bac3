"""Edits of a project's source that undo a leak: from text and a cause to text, without running anything."""

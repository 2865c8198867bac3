"""Renderings of one record, a module a format. None of them decides anything."""

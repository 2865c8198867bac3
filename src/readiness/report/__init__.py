"""Renderings of the one record, a module for each format; none of them decides anything."""

"""Symbols and debug information: modules, lines, breakpoint locations, sources, types."""

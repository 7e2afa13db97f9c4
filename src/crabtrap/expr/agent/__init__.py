"""Conditions compiled to GDB agent expressions, which the target evaluates by itself."""

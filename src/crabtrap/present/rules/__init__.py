"""Presentation rules: data that says what a type is to a reader, and their application.

The rules of one library are in ``std/`` and ``crates/``, or the user's; nothing here
knows a library's types by name.
"""

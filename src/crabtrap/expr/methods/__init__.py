"""The built-in methods: those of std's types that work without running the program.

There is one table for each kind of receiver.  A method asks an ``Evaluation`` for its
arguments; nothing here may import ``evaluate``.
"""

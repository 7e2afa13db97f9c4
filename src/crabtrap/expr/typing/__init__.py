"""The type check of expressions: every node gets its Rust type before anything is evaluated.

Terms (``terms.py``) are types with inference variables; ``checker.py`` walks over a tree and
leaves a ``Typing``: the type of each node and the built-in method that each call means.
"""

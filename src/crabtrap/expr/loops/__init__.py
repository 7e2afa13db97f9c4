"""Chains of iterator methods over plain data, run as one loop in the core.

``chains`` makes a program of a chain (``bodies`` of its closures, ``methods`` of what they
call), ``running`` runs it over pieces of memory.  Whatever cannot be expressed raises
``CannotLoopError``, and the general evaluator does it instead: both give the same values, and
the same errors, which only the general evaluator words.
"""

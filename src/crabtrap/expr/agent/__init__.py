"""The compiler from conditions to GDB agent expressions, which the target evaluates.

It knows types and where values are stored, and must not know values or the evaluator:
it runs before there is anything to read.
"""

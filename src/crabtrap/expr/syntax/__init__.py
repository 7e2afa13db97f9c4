"""The parser: from the text of an expression to its syntax tree, and back.

It is pure text work and must not know types, values or names of the program.
"""

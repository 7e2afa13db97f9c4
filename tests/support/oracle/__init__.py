"""The oracle of the expression language: rustc compiles and runs what crabtrap evaluates.

``generator`` makes expressions from the table of methods, ``compiled`` has rustc judge them,
``verdicts`` keeps what it said and compares.
"""

"""The bar that a debugger has to pass: what no program may notice, however often it is done.

Each row is a function ``(count, random) -> str`` that does something so many times, raises at
the first thing that is not as it should be, and returns what it has counted.  The suite runs
them small, ``make soak`` in full; ``docs/reliability.md`` has the table.
"""

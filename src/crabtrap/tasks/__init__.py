"""Tasks of asynchronous runtimes: which there are, where each waits, and with which locals.

Everything is found from outside, in memory alone: the program need not be built for it.  A
task is found by the functions that its vtable points to (``scan.py``), laid out as its runtime
names its fields (``layouts.py``), and decoded into a tree of what it awaits (``futures.py``).
Nothing here runs the program or knows a front end.
"""

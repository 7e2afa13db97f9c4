"""Random closures, captures, function items and unsized tails, compared with ``Debug``.

A program shows places with ``{:?}`` right after it stopped; the debugger is asked for the same
places at the stop.
"""

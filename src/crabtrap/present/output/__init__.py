"""Views as text and as JSON, within limits of items, depth, bytes and time.

What a type is must be in its view: nothing here knows types by name.
"""

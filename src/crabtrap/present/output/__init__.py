"""Views as text and as JSON."""

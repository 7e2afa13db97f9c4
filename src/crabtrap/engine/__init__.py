"""The engine: runs a program from stop to stop, and shows it at each of them."""

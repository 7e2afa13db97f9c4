"""The files that the program has loaded, and the program before its launch."""

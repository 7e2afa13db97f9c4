"""The commands, one module per group of the manual."""

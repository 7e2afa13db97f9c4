"""The commands, one or a few modules for each group of the manual."""

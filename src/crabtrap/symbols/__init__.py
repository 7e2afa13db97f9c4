"""What files say about a program: modules, lines, places for breakpoints, sources, types."""

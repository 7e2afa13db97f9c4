"""Which files the program has loaded, and the program before it runs."""

"""Why the program stopped: a class for each cause, and what it reads to explain the stop."""

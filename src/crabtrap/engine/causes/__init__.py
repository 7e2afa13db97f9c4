"""Why the program stopped: one handler for each kind of cause, and what it reads to say so."""

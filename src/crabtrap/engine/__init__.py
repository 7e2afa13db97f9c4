"""The program at one stop, and how it is made to run to the next."""

"""The program being debugged as one state machine with one wait."""

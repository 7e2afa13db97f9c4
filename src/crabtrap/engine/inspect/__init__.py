"""The program at one stop: its threads, frames and variables, read on first use."""

"""The program at one stop: its threads, frames and variables, read when first asked for."""

"""Random programs that count how often each of their lines is executed.

Breakpoints on the lines, and on the functions, must count the same.
"""

"""Random programs whose variables are compared with their values while optimised code runs.

Each program is built twice from one source: without optimisation, printing at every stop all
variables of all functions that are being executed; and optimised, printing nothing, so that
nothing keeps a variable alive but the program's own use of it.
"""

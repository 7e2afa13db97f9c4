"""Speed and memory, beside gdb and lldb: ``python -m benchmarks``."""

"""The console: commands typed at a prompt, read from files or given with ``-ex``."""

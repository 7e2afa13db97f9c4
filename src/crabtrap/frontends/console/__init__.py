"""The console: commands typed at a prompt, read from files or given with ``-ex``.

From the outside in: ``start.py`` makes a console from the options; ``console.py`` reads lines
from a source (``script.py``, ``prompt.py``); ``line_executor.py`` finds the command of a line
(``command.py``, ``command_table.py``) and calls it with its ``arguments.py`` and the one
``context.py``; a command returns a reply, and one that runs the program goes through
``program_runs.py``, which shows the stop.  Everything shown is ``styled_text.py`` on its way
to ``output.py``, or JSON on its way to ``json_lines.py``.
"""

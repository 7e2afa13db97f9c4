"""``python -m crabtrap``: the command ``crabtrap``.

Python puts the current directory, which may be anybody's, before its own modules then
(``python -m`` without ``-P``).  It is taken out before anything else is imported, ``__future__``
and ``typing`` included, which are files as any other.  What Python itself looks for there
before that (``crabtrap``, ``importlib`` and a few more), ``python -P -m crabtrap`` and the command
``crabtrap`` do not.
"""

import sys

if not sys.flags.safe_path:
    del sys.path[0]

from crabtrap.frontends.cli import main

if __name__ == "__main__":
    sys.exit(main())

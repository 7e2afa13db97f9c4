"""crabtrap: a debugger for Rust programs on Linux x86-64.

    >>> import crabtrap
    >>> session = crabtrap.Session("target/debug/demo")        # doctest: +SKIP
    >>> session.breakpoints.add("main.rs:10")                  # doctest: +SKIP
    >>> session.launch(); print(session.continue_())           # doctest: +SKIP
"""

from crabtrap.session import Session

__version__ = "0.1.0"

__all__ = ["Session", "__version__"]

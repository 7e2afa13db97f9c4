"""crabtrap: a debugger for Rust programs on Linux x86-64.

``Session`` controls one program, from before its launch until after its end; front ends use
nothing else::

    with crabtrap.Session("target/debug/demo") as session:
        session.breakpoints.add("main.rs:10")
        session.launch()
        print(session.continue_())
"""

from crabtrap.session import Session, attach, connect, launch

__version__ = "0.1.0"

__all__ = ["Session", "__version__", "attach", "connect", "launch"]

"""Lends its terminal to a program that is debugged: run by the editor in one of its terminals.

``python terminal_helper.py SOCKET`` tells the path of its terminal through a unix socket, and
waits there until the other end is closed. Ctrl-C is passed on, as a byte, since the terminal is
that of this process and not the program's. It is run by itself, without the package.
"""

import os
import signal
import socket
import sys


def main() -> None:
    """Tell which terminal this is, and keep it open."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(sys.argv[1])
        connection.sendall(os.ttyname(0).encode() + b"\n")
        signal.signal(signal.SIGINT, lambda _number, _frame: connection.sendall(b"\x03"))
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        while connection.recv(64):
            pass


if __name__ == "__main__":
    main()

"""The client side of the GDB remote serial protocol: packets, connection, replies."""

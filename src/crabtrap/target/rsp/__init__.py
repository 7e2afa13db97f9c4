"""The GDB remote serial protocol, client side: packets, their stream, their meaning."""

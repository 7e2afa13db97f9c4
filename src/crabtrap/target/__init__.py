"""Where bytes and stops come from: live programs over the GDB remote protocol, core files."""

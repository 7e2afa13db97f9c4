"""Programs to debug: live ones, controlled over the GDB remote protocol."""

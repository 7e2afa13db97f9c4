"""The Debug Adapter Protocol: a program debugged by an editor."""

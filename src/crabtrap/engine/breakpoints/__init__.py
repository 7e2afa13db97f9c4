"""What the user asked to stop at, where that is, and the traps that are set for it."""

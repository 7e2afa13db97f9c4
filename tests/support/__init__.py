"""Support for tests: programs to debug, live and fake targets, synthetic types."""

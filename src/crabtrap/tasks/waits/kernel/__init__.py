"""What the kernel knows of a program that waits: its clock, system calls and descriptors."""

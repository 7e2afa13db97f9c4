"""What the tests share: programs to debug, peers to compare with."""

"""What is shown: echo, and the one way to a terminal."""

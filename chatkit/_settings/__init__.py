"""What a person settled once, for the command and for all who ask: a file, and the environment."""

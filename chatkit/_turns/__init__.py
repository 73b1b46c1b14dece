"""What is said: contents, turns, events and the history."""

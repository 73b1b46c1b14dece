"""Scripted conversations: files that say what a user says, and what is expected of the answers."""

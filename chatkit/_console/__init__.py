"""The console: a conversation at a terminal, with history, completion and slash commands."""

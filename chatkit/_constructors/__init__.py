"""How chats are made."""

"""The chat object, told by topic: talking, remembering, tools, and what it is made of."""

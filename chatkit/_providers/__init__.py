"""How a server is spoken to: wording requests and reading answers."""

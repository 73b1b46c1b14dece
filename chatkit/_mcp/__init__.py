"""The Model Context Protocol: tools of servers for a chat, and a chat's tools for others."""

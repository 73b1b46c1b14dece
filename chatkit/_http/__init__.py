"""How bytes travel: requests, lines, server-sent events and retries."""

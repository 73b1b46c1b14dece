"""A conversation kept: versioned JSON, and read again without trust."""

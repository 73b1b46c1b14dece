"""How a turn proceeds: one pure loop and the drivers that run it."""

"""WHERE CONVERSATIONS ARE KEPT: what is written of them as they happen, and the databases it is written to."""

"""Records read back: search, carriers, terminal, page, explain."""

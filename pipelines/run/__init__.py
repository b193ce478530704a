"""A bounded run: reading the sources, then passes over the queue, each committed whole."""

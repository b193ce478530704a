"""Where records go: addresses, files, topics, messages."""

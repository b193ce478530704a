"""Feeds and articles written for this project, for a first run without network."""

"""Articles in files: lines, JSON in its several forms, text, saved feeds, dead letters."""

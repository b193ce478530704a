"""From what a source gave to an article: clean text, canonical URL, language, times and ids."""

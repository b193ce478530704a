"""Copies and revisions: fingerprints out of text, an index of what was seen, a verdict, and the transform of them."""

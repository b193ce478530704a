"""Copies and revisions: fingerprints of articles, an index of the articles seen, verdicts, and the Beam transforms.

The way of an article: ``words`` and ``fingerprint`` turn its text into keys and a sketch, ``index`` defines what the
store of seen articles can be asked, ``likeness`` compares two sketches, and ``verdict`` decides. ``sqlite`` is that
store in a bounded run, ``transform`` the Beam transform of it; ``replica`` and ``stream`` are the two for an unbounded
pipeline. ``upkeep`` is what an operator can do with an index.
"""

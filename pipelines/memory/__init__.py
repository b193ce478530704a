"""What is known of claims over time: remembered in the state, and kept in a store that other programs open.

A pass joins its records with what is remembered:

    remember    the transform, and the order of the parts: speakers, stories, threads, changes
    tables      how a pass reads the tables of ``memory.sql`` and adds to them
    speakers    one id for a person, body or place: speaker_sightings (what an article shows), speaker_profiles (what is
                known), speaker_identity (who is the same), speaker_corrections (by hand)
    stories     articles on one event: story_portraits (what is remembered of one), story_evidence (how like two are),
                story_choice (which story an article joins)
    threads     one claim in all articles: terms (of a claim), same (whether two are one), signs (a quick look at many
                vectors), encoder (the vector of a sentence)
    changes     what a revision has changed: wording (words as they are compared), said (what is remembered of a claim),
                alignment (which claim is which), differences (of a pair), comparison (of two versions)
    summaries   threads and stories as they are now, for topics

The store (``--sink sqlite:FILE``):

    schema.sql  the tables, each with what it holds
    views.sql   the questions that people ask
    store       the version of both, and the writing of a pass
    rows        the rows that a record becomes; speaker_rows those of speakers

Everything but ``remember`` works without Beam.
"""

"""What is known of claims over time, in one SQLite file that other programs open (``--sink sqlite:FILE``).

    schema.sql  the tables, each with what it holds
    views.sql   the questions that people ask
    store       the version of both, and the writing of a pass
    rows        the rows that a record becomes
    speakers    one id for a person, body or place across articles; speaker_sightings has what an article shows,
                speaker_profiles what is known, speaker_identity who is the same, speaker_rows the rows in a store

Threads, stories, changes and speakers over time are to stand here too: pure functions in modules of their own, their
tables by a step in ``store``.
"""

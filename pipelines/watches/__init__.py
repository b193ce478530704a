"""Watches: what a desk wants to be told of, and what of it has come.

    watch       one watch: its conditions as values
    parsing     a mapping of YAML becomes a watch; messages say which watch, which key, and what would be right
    file        the watches of a run: those in its settings, or in a file of their own
    subject     what can match: a claim, or an article from which no claims were read
    conditions  whether a subject meets a watch, and why
    index       which of many watches a subject may meet
    meaning     the sentences of watches as vectors; likeness: how sure it is that a claim says one
    matching    all of these for one record
    carriers    in how many articles a claim stands
    watching    the step of a pass: matches of its records, each once
    trial       the watches on records that are written already, and telling it: ``claimwire watch-test``

The tables are in ``watches.sql``. Everything but the step that calls ``watching`` works without Beam.
"""

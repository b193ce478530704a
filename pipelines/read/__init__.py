"""Records read back: search, carriers, terminal, stories, threads, diff, explain.

written   records and dead letters out of files, folders and stores
stored    a store
words     search by words and phrases
times     the times that a reader may give
filters   which claims a reader wants, and in which order; in Python and in SQL
carriers  who carries a claim
chosen    the claims that are wanted, in their order
aliases   the other names of a speaker who is asked for
terminal, rows   for a reader, a program; the page of a browser is in ``serve``
stories, threads   for a reader
reading   ``claimwire.read``
diff      what an outlet has changed in an article; versions finds its versions
explain   why an article was found to be a copy
"""

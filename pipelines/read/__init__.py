"""Records read back: search, carriers, terminal, page, explain.

written   records and dead letters out of files, folders and stores
stored    a store
words     search by words and phrases
times     the times that a reader may give
filters   which claims a reader wants, and in which order; in Python and in SQL
carriers  who carries a claim
chosen    the claims that are wanted, in their order
terminal, page, rows   for a reader, a browser, a program
reading   ``claimwire.read``
diff      what an outlet has changed in an article; versions finds its versions
explain   why an article was found to be a copy
"""

"""Records that claimwire has written, read again and extracted by the extractor of today.

where        which records: the conditions of ``--only-where``
records      records out of files and stores, and what in them is none
comparison   what has become of an article's claims: read this first
report       all of it together, for a terminal and as JSON
"""

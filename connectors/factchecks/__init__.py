"""Fact-checks as their publishers give them: schema.org ClaimReview in pages, feeds and files, read and written.

claimreview  JSON values to ClaimReview records, and back
reading      files and bodies of URLs: each review with its line, or what is wrong with it
"""

"""The page: a store in a browser (``claimwire serve``), and articles in one file (``show --format html``).

``app`` has the addresses and what each shows, ``gate`` lets requests in, ``finding`` and ``looking`` read the store,
``live`` sends what comes, and ``drawing`` has the templates. Only ``app``, ``gate``, ``live`` and ``server`` need the
extra ``claimwire[serve]``.
"""

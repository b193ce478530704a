"""Whoever asked is told: matches of watches go out by mail, chat and webhooks, through apprise.

    targets   whom a watch tells, as the settings have it, without secrets
    message   what is written to them
    sending   one message to one target
    courier   what is due is sent, beside the runs, and never in their way
    atom      the feed of a watch
    overview  every watch with its matches and deliveries, for a reader
    upkeep    what a run does for those who asked: the targets of today, what was given up, the feeds

What is to be sent stands in the state (``claimwire.pipelines.state.deliveries``), put there in the commit of the pass
that made the match. A delivery is marked when it has ended. So a kill between the two sends a message again, and loses
none. It needs the extra ``claimwire[notify]``.
"""

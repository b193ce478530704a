-- What a state keeps of watches. Like the tables of ``memory.sql``, they are read and added to through
-- ``memory.tables.remembering``; each has a primary key.

CREATE TABLE matches (  -- what watches have matched; ``event`` is the CloudEvent as it stands in the files of events
    id TEXT PRIMARY KEY,  -- of the match and of its event
    watch TEXT NOT NULL,  -- its name
    event TEXT NOT NULL,  -- JSON
    matched_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX matches_by_time ON matches (matched_at);
CREATE INDEX matches_by_watch ON matches (watch, matched_at);

CREATE TABLE watch_said (  -- so that a revision that says the same does not match again
    key BLOB PRIMARY KEY,  -- a hash of watch, article and words
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX watch_said_by_time ON watch_said (at);

CREATE TABLE watch_carriers (  -- in which articles the claims of a thread stand, while a watch counts carriers
    thread TEXT NOT NULL,  -- the id of its first claim; of a claim without a thread its own; an article, as a whole
    article TEXT NOT NULL,
    root TEXT NOT NULL,  -- the first version of the article, by which it is counted
    text TEXT,  -- of the claim, to be found in near copies; NULL in a copy
    at TEXT NOT NULL,
    PRIMARY KEY (thread, article)
) WITHOUT ROWID;
CREATE INDEX watch_carriers_by_article ON watch_carriers (article);
CREATE INDEX watch_carriers_by_time ON watch_carriers (at);

CREATE TABLE watch_waiting (  -- claims that meet all of a watch but its number of carriers, the first of each thread
    thread TEXT NOT NULL,
    watch TEXT NOT NULL,
    match TEXT NOT NULL,  -- JSON
    at TEXT NOT NULL,
    PRIMARY KEY (thread, watch)
) WITHOUT ROWID;
CREATE INDEX watch_waiting_by_time ON watch_waiting (at);

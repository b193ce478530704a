-- What a state remembers of claims, beside the index of articles. A part reads these tables by their names and adds rows
-- to those of the same name in ``staged`` (``tables.remembering``); each table has a primary key.

CREATE TABLE story_count (one INTEGER PRIMARY KEY, articles INTEGER NOT NULL);  -- one row: how many have come
CREATE TABLE story_articles (
    number INTEGER PRIMARY KEY,  -- in the order in which they came
    article TEXT NOT NULL,
    story TEXT,  -- as it was when the article came; NULL: it belongs to none
    portrait BLOB,  -- story_portraits.Portrait; NULL: it shares its original's, or belongs to none
    remembered_at INTEGER NOT NULL  -- seconds since 1970, as in the other tables
);
CREATE INDEX story_articles_by_id ON story_articles (article);
CREATE INDEX story_articles_by_age ON story_articles (remembered_at);
CREATE TABLE story_stories (
    story TEXT PRIMARY KEY,  -- the id of its first article
    merged_into TEXT,
    first INTEGER NOT NULL,  -- the number of its first article
    articles INTEGER NOT NULL,  -- without copies
    remembered_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE story_words (
    word INTEGER PRIMARY KEY,  -- a hash
    count REAL NOT NULL,  -- of the articles that have it, with decay, as it was when the article ``at`` came
    at INTEGER NOT NULL,
    articles BLOB NOT NULL,  -- the numbers of the latest that it tells of best (uint32)
    remembered_at INTEGER NOT NULL
);
CREATE TABLE story_lines (
    line INTEGER PRIMARY KEY,  -- a hash of an outlet and one of its lines
    story TEXT NOT NULL,  -- the last in which it stood
    stories INTEGER NOT NULL,  -- in how many, one after the other
    remembered_at INTEGER NOT NULL
);

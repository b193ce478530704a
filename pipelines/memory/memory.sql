-- What a state remembers of claims, beside the index of articles. A part reads these tables by their names and adds rows
-- to those of the same name in ``staged`` (``tables.remembering``); each table has a primary key.

-- Threads: of each its first claim, by which the next ones are recognised. ``thread`` is the id of that claim, 16 bytes.
CREATE TABLE thread_firsts (
    thread BLOB PRIMARY KEY,
    seen_at TEXT NOT NULL,  -- of the article
    remembered_at TEXT NOT NULL,  -- when the record was made
    article TEXT NOT NULL,  -- its id
    text TEXT NOT NULL,
    names TEXT NOT NULL,  -- the words in it that are names, with spaces between them
    speaker TEXT, speaker_type TEXT NOT NULL,
    denied INTEGER NOT NULL,  -- 0 or 1: the speaker says that it is not so
    wanted INTEGER NOT NULL,  -- 0 or 1: it is what the speaker means to do or wants done
    vector BLOB  -- of encoder.WIDTH signed bytes; NULL without the encoder
) WITHOUT ROWID;

CREATE TABLE thread_signs (  -- a byte for its cell, and one bit for each number of a vector: whether it is above 0
    thread BLOB PRIMARY KEY,
    signs BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE thread_words (  -- the words of first claims, as stems
    word TEXT NOT NULL,
    thread BLOB NOT NULL,
    PRIMARY KEY (word, thread)
) WITHOUT ROWID;

CREATE INDEX thread_firsts_by_age ON thread_firsts (remembered_at);

-- Threads and stories as they are now (summaries.py): the message that tells of each.
CREATE TABLE thread_messages (id TEXT PRIMARY KEY, remembered_at TEXT NOT NULL, message BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX thread_messages_by_age ON thread_messages (remembered_at);
CREATE TABLE story_messages (id TEXT PRIMARY KEY, remembered_at TEXT NOT NULL, message BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX story_messages_by_age ON story_messages (remembered_at);

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
-- Speakers over time (speakers.py). ``last`` is when a row was last written, by which it is forgotten.
CREATE TABLE speaker_profiles (id TEXT PRIMARY KEY, last TEXT NOT NULL, profile BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX speaker_profiles_by_time ON speaker_profiles (last);
CREATE TABLE speaker_keys (  -- forms of names under which speakers are found
    key TEXT NOT NULL, id TEXT NOT NULL, last TEXT NOT NULL, PRIMARY KEY (key, id)
) WITHOUT ROWID;
CREATE INDEX speaker_keys_by_time ON speaker_keys (last);
CREATE TABLE speaker_terms (  -- in how many records a name stood; under '' how many records there were
    term TEXT PRIMARY KEY, records INTEGER NOT NULL, last TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX speaker_terms_by_time ON speaker_terms (last);
CREATE TABLE speaker_joined (id TEXT PRIMARY KEY, into_id TEXT NOT NULL) WITHOUT ROWID;  -- never forgotten
CREATE TABLE speaker_apart (one TEXT NOT NULL, other TEXT NOT NULL, PRIMARY KEY (one, other)) WITHOUT ROWID;  -- by hand
CREATE TABLE speaker_split (  -- by hand: who the speaker of this name in an article is
    article TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (article, name)
) WITHOUT ROWID;

-- Known fact-checks (factchecks.py). ``id`` is 16 bytes, the first of ``review_id``.
CREATE TABLE fact_checks (
    id BLOB PRIMARY KEY,
    review BLOB NOT NULL,  -- a ClaimReview as MessagePack
    vector BLOB  -- of the claim that was checked, as in thread_firsts
) WITHOUT ROWID;
CREATE TABLE fact_check_signs (id BLOB PRIMARY KEY, signs BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE fact_check_words (  -- the words of the claim that was checked, as stems
    word TEXT NOT NULL, id BLOB NOT NULL, PRIMARY KEY (word, id)
) WITHOUT ROWID;
CREATE TABLE fact_check_places (  -- where each was read; what was read nowhere any more is forgotten
    id BLOB NOT NULL,
    place TEXT NOT NULL,  -- a file or URL of --factchecks; '' for pages of articles
    read_at TEXT NOT NULL,
    PRIMARY KEY (id, place)
) WITHOUT ROWID;
CREATE INDEX fact_check_places_by_place ON fact_check_places (place, read_at);
CREATE TABLE fact_check_told (  -- with which first claim of a thread a check was told, so that it is not told again
    thread BLOB NOT NULL,
    id BLOB NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (thread, id)
) WITHOUT ROWID;
CREATE INDEX fact_check_told_by_time ON fact_check_told (at);
CREATE TABLE fact_check_sources (  -- files and URLs of --factchecks, as they were read to their end
    place TEXT PRIMARY KEY,
    mark TEXT NOT NULL,  -- by which it is seen to be unchanged
    read_at TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE change_versions (  -- the last version under each id of an article, to compare the next one with
    article_id TEXT PRIMARY KEY,
    content_hash TEXT NOT NULL,
    read_as TEXT NOT NULL,  -- only what was read from the same kind of text is compared
    processed_at TEXT NOT NULL,
    version BLOB NOT NULL  -- memory.said.Version: MessagePack, compressed
) WITHOUT ROWID;
CREATE INDEX change_versions_by_time ON change_versions (processed_at);

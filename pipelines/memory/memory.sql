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

CREATE TABLE thread_signs (  -- one bit for each number of a vector: whether it is above 0
    thread BLOB PRIMARY KEY,
    signs BLOB NOT NULL
) WITHOUT ROWID;

CREATE TABLE thread_words (  -- the words of first claims, as stems
    word TEXT NOT NULL,
    thread BLOB NOT NULL,
    PRIMARY KEY (word, thread)
) WITHOUT ROWID;
CREATE TABLE change_versions (  -- the last version under each id of an article, to compare the next one with
    article_id TEXT PRIMARY KEY,
    content_hash TEXT NOT NULL,
    read_as TEXT NOT NULL,  -- only what was read from the same kind of text is compared
    processed_at TEXT NOT NULL,
    version BLOB NOT NULL  -- memory.said.Version: MessagePack, compressed
) WITHOUT ROWID;
CREATE INDEX change_versions_by_time ON change_versions (processed_at);

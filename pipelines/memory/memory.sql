-- What a state remembers of claims, beside the index of articles. A part reads these tables by their names and adds rows
-- to those of the same name in ``staged`` (``tables.remembering``); each table has a primary key.

-- Threads: of each its first claim, by which the next ones are recognised. ``thread`` is the id of that claim, 16 bytes.
CREATE TABLE thread_firsts (
    thread BLOB PRIMARY KEY,
    seen_at TEXT NOT NULL,  -- of the article
    article TEXT NOT NULL,  -- its id
    text TEXT NOT NULL,
    names TEXT NOT NULL,  -- the words in it that are names, with spaces between them
    speaker TEXT, speaker_type TEXT NOT NULL,
    denied INTEGER NOT NULL,  -- 0 or 1: the speaker says that it is not so
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

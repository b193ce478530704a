-- What a state remembers of claims, beside the index of articles. A part reads these tables by their names and adds rows
-- to those of the same name in ``staged`` (``tables.remembering``); each table has a primary key.

CREATE TABLE change_versions (  -- the last version under each id of an article, to compare the next one with
    article_id TEXT PRIMARY KEY,
    content_hash TEXT NOT NULL,
    read_as TEXT NOT NULL,  -- only what was read from the same kind of text is compared
    processed_at TEXT NOT NULL,
    version BLOB NOT NULL  -- memory.said.Version: MessagePack, compressed
) WITHOUT ROWID;
CREATE INDEX change_versions_by_time ON change_versions (processed_at);

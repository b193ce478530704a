CREATE TABLE articles (  -- one row for each version of an article; a version is never changed but by a later record of it
    version INTEGER PRIMARY KEY,
    id TEXT NOT NULL,  -- of the article; versions have ids of their own unless the sender gave both the same
    content_hash TEXT NOT NULL,  -- of title and text
    guid TEXT, url TEXT, canonical_url TEXT,
    source_name TEXT, source_feed_url TEXT, source_domain TEXT,
    title TEXT, text TEXT NOT NULL, summary TEXT,
    authors TEXT NOT NULL,  -- JSON: a list of names
    tags TEXT NOT NULL,  -- JSON: a list of words
    language TEXT,
    published_at TEXT, updated_at TEXT, fetched_at TEXT,
    seen_at TEXT NOT NULL,  -- published_at; where it is not known fetched_at, else processed_at
    revision_of TEXT,  -- the id of the version before
    text_source TEXT, page_problem TEXT,
    paywalled INTEGER,  -- 0 or 1
    correction TEXT, agency TEXT, section TEXT, syndicated_from TEXT,
    schema_version TEXT NOT NULL, pipeline_version TEXT NOT NULL, model TEXT, extractor TEXT,
    run_id TEXT NOT NULL, processed_at TEXT NOT NULL,
    skipped TEXT,  -- why nothing was extracted, or not from the whole text
    story_id TEXT,
    UNIQUE (id, content_hash)
);
CREATE INDEX articles_by_story ON articles (story_id) WHERE story_id IS NOT NULL;
CREATE INDEX articles_by_time ON articles (seen_at);
CREATE INDEX articles_by_outlet ON articles (source_domain, source_name, seen_at);

CREATE TABLE stories (  -- events that articles tell of; articles.story_id keeps the story that an article had when it came
    story TEXT PRIMARY KEY,  -- the id of its first article
    merged_into TEXT  -- the story that it turned out to be a part of
) WITHOUT ROWID;
CREATE INDEX stories_by_whole ON stories (merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE records (  -- the whole record of a version, as in JSONL files, but for the text, which is in articles
    version INTEGER PRIMARY KEY REFERENCES articles ON DELETE CASCADE,
    record TEXT NOT NULL  -- JSON
);

CREATE TABLE copies (  -- versions that are copies of another article
    version INTEGER PRIMARY KEY REFERENCES articles ON DELETE CASCADE,
    of TEXT NOT NULL,  -- the id of the original, which another run may have written elsewhere
    kind TEXT NOT NULL,  -- exact or near
    method TEXT NOT NULL, score REAL, added REAL, first_seen_at TEXT
);
CREATE INDEX copies_by_original ON copies (of);

CREATE TABLE revisions (  -- versions that replace another one
    version INTEGER PRIMARY KEY REFERENCES articles ON DELETE CASCADE,
    of TEXT NOT NULL,  -- the id of the version before
    method TEXT NOT NULL, score REAL, first_seen_at TEXT
);
CREATE INDEX revisions_by_original ON revisions (of);

CREATE TABLE speakers (  -- people, bodies and places that make claims
    speaker INTEGER PRIMARY KEY,
    id TEXT UNIQUE,  -- over all articles; NULL for a name of which it is not known whose it is
    name TEXT NOT NULL,  -- the fullest; all others are in the view speaker_names
    type TEXT NOT NULL
);
CREATE UNIQUE INDEX speakers_by_name ON speakers (name, type) WHERE id IS NULL;
CREATE TABLE joined_speakers (  -- ids that turned out to be another speaker's
    id TEXT PRIMARY KEY, into_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE roles (  -- what a version says that a speaker is, e.g. finance minister
    version INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    speaker INTEGER NOT NULL REFERENCES speakers,
    role TEXT NOT NULL,
    PRIMARY KEY (version, speaker, role)
) WITHOUT ROWID;
CREATE INDEX roles_by_speaker ON roles (speaker);

CREATE TABLE claims (  -- one row for each claim of each version, with the columns of the claim message
    claim INTEGER PRIMARY KEY,
    version INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    number INTEGER NOT NULL,  -- of the claim in its article, from 0
    speaker INTEGER REFERENCES speakers,  -- NULL where the article names nobody
    seen_at TEXT NOT NULL,  -- of the article
    names TEXT NOT NULL,  -- of the entities in the claim
    content TEXT NOT NULL,  -- JSON: start and end of each part, code points in the text of the article
    schema_version TEXT NOT NULL,
    id TEXT NOT NULL,  -- of the claim; the same words of one speaker in two versions with one id have one
    article_id TEXT NOT NULL,
    url TEXT, title TEXT,
    source_name TEXT, source_feed_url TEXT, source_domain TEXT,
    language TEXT, published_at TEXT, revision_of TEXT,
    text TEXT NOT NULL, quote_type TEXT NOT NULL,
    speaker_text TEXT, speaker_name TEXT, speaker_type TEXT,
    cue TEXT, polarity TEXT NOT NULL, modality TEXT NOT NULL,
    hedges TEXT NOT NULL,  -- JSON
    quantities TEXT NOT NULL,  -- JSON
    entities TEXT NOT NULL,  -- JSON: name and label of each
    check_worthiness REAL, confidence REAL,
    sentence TEXT NOT NULL,
    kind TEXT,
    in_title INTEGER,  -- 1: it stands in the title, and its offsets are into that
    speaker_id TEXT,  -- of the person or body, over all articles
    thread_id TEXT, thread_relation TEXT,
    story_id TEXT,  -- of the article
    fact_checks TEXT NOT NULL DEFAULT '[]',  -- JSON: known fact-checks of what the claim says
    UNIQUE (version, number)
);
CREATE INDEX claims_by_id ON claims (id);
CREATE INDEX claims_by_thread ON claims (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX claims_by_time ON claims (seen_at);
CREATE INDEX claims_fact_checked ON claims (seen_at) WHERE fact_checks <> '[]';
CREATE INDEX claims_by_speaker ON claims (speaker, seen_at, source_domain) WHERE speaker IS NOT NULL;
CREATE INDEX claims_by_outlet ON claims (source_domain);

CREATE TABLE later_fact_checks (  -- fact-checks that came after the claims whose thread they judge
    thread TEXT NOT NULL,
    id TEXT NOT NULL,  -- of the check
    fact_check TEXT NOT NULL,  -- JSON, as in claims.fact_checks
    told_at TEXT NOT NULL,
    PRIMARY KEY (thread, id)
) WITHOUT ROWID;

CREATE TABLE changes (  -- what a revision has changed of the claims of the version before, one row for each kind of change
    version INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,  -- the revision
    number INTEGER NOT NULL,  -- of the claim in it, from 0; dropped claims follow
    kind TEXT NOT NULL,  -- added, dropped, reworded, figure, speaker, polarity, hedge_added, hedge_dropped, cut, extended
    claim INTEGER REFERENCES claims ON DELETE CASCADE,  -- NULL where it was dropped
    before_id TEXT,  -- of the claim in the version before; NULL where it was added
    before_text TEXT, before_speaker TEXT,
    PRIMARY KEY (version, number, kind)
) WITHOUT ROWID;
CREATE INDEX changes_by_claim ON changes (claim);
CREATE INDEX changes_by_kind ON changes (kind);

CREATE TABLE carriers (  -- copies in which the words of a claim stand; the article of the claim is none of them
    claim INTEGER NOT NULL REFERENCES claims ON DELETE CASCADE,
    version INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,  -- of the copy
    PRIMARY KEY (claim, version)
) WITHOUT ROWID;
CREATE INDEX carriers_by_version ON carriers (version);

CREATE TABLE entities (  -- what a version mentions
    entity INTEGER PRIMARY KEY,
    version INTEGER NOT NULL REFERENCES articles ON DELETE CASCADE,
    number INTEGER NOT NULL,  -- of the entity in its article, from 0
    name TEXT NOT NULL, label TEXT NOT NULL,
    text TEXT NOT NULL, start INTEGER NOT NULL, end INTEGER NOT NULL,  -- the first mention
    mentions TEXT NOT NULL,  -- JSON: start and end of each
    kb_source TEXT, kb_id TEXT, lat REAL, lon REAL,
    UNIQUE (version, number)
);
CREATE INDEX entities_by_name ON entities (name);
CREATE INDEX entities_by_place ON entities (version, name, lat, lon) WHERE lat IS NOT NULL;

CREATE TABLE claim_entities (  -- the entities in the content of a claim
    claim INTEGER NOT NULL REFERENCES claims ON DELETE CASCADE,
    entity INTEGER NOT NULL REFERENCES entities ON DELETE CASCADE,
    PRIMARY KEY (claim, entity)
) WITHOUT ROWID;
CREATE INDEX claim_entities_by_entity ON claim_entities (entity);

CREATE TABLE events (  -- as in the files of events
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL, source TEXT NOT NULL, subject TEXT, time TEXT NOT NULL,
    data TEXT NOT NULL  -- JSON
) WITHOUT ROWID;
CREATE INDEX events_by_type ON events (type, time);

CREATE TABLE thread_links (  -- threads about the same that are not the same, as events tell it
    thread TEXT NOT NULL,  -- the later one: the id of its first claim, in claims.thread_id
    other TEXT NOT NULL,
    relation TEXT NOT NULL,  -- figures_differ, denied_by, corrected, speaker_differs
    PRIMARY KEY (thread, other)
) WITHOUT ROWID;
CREATE INDEX thread_links_by_other ON thread_links (other);

CREATE TABLE matches (  -- what watches have matched
    number INTEGER PRIMARY KEY,  -- in the order in which they came
    id TEXT NOT NULL UNIQUE,  -- also of the event
    watch TEXT NOT NULL,  -- its name
    of TEXT NOT NULL,  -- claim, article or thread
    article_id TEXT NOT NULL, claim_id TEXT, thread_id TEXT,
    matched_at TEXT NOT NULL,
    why TEXT NOT NULL,  -- JSON: which conditions, what was found and where
    match TEXT NOT NULL  -- JSON: the whole match, as on the topic of matches
);
CREATE INDEX matches_by_watch ON matches (watch, number);
CREATE INDEX matches_by_claim ON matches (claim_id) WHERE claim_id IS NOT NULL;
CREATE INDEX matches_by_article ON matches (article_id);

CREATE TABLE dead_letters (  -- input that could not be processed
    key TEXT PRIMARY KEY,
    stage TEXT NOT NULL, error_type TEXT NOT NULL, error_message TEXT NOT NULL,
    url TEXT, attempts INTEGER NOT NULL, first_failed_at TEXT NOT NULL,
    record TEXT NOT NULL  -- JSON: the whole dead letter, a line for claimwire replay
);

CREATE VIRTUAL TABLE claims_search USING fts5(  -- the words of claims; rowid is claims.claim
    text, sentence, title, speaker_text, speaker_name, names,
    content='claims', content_rowid='claim', tokenize='unicode61 remove_diacritics 2'
);
CREATE TRIGGER claims_added AFTER INSERT ON claims BEGIN
    INSERT INTO claims_search (rowid, text, sentence, title, speaker_text, speaker_name, names)
    VALUES (new.claim, new.text, new.sentence, new.title, new.speaker_text, new.speaker_name, new.names);
END;
CREATE TRIGGER claims_removed AFTER DELETE ON claims BEGIN
    INSERT INTO claims_search (claims_search, rowid, text, sentence, title, speaker_text, speaker_name, names)
    VALUES ('delete', old.claim, old.text, old.sentence, old.title, old.speaker_text, old.speaker_name, old.names);
END;
CREATE TRIGGER claims_changed AFTER UPDATE OF text, sentence, title, speaker_text, speaker_name, names ON claims BEGIN
    INSERT INTO claims_search (claims_search, rowid, text, sentence, title, speaker_text, speaker_name, names)
    VALUES ('delete', old.claim, old.text, old.sentence, old.title, old.speaker_text, old.speaker_name, old.names);
    INSERT INTO claims_search (rowid, text, sentence, title, speaker_text, speaker_name, names)
    VALUES (new.claim, new.text, new.sentence, new.title, new.speaker_text, new.speaker_name, new.names);
END;

CREATE VIEW flat_claims AS  -- the columns of the claim message, as on the topic of claims; copies is the number now
SELECT schema_version, id, article_id, url, title, source_name, source_feed_url, source_domain, language, published_at,
    revision_of, (SELECT count(*) FROM copies WHERE copies.of = claims.article_id) AS copies,
    text, quote_type, speaker_text, speaker_name, speaker_type, speaker_id, cue, polarity, modality, hedges, quantities, entities,
    check_worthiness, confidence, sentence, kind, in_title, thread_id, thread_relation, story_id, fact_checks
FROM claims;

CREATE VIEW fact_checked_claims AS  -- claims that a known fact-check has judged, a row for each check
WITH checked AS (
    SELECT claims.claim, told.value AS fact_check, 0 AS later
    FROM claims, json_each(claims.fact_checks) AS told WHERE claims.fact_checks <> '[]'
    UNION ALL
    SELECT claims.claim, later_fact_checks.fact_check, 1
    FROM later_fact_checks JOIN claims ON claims.thread_id = later_fact_checks.thread
    WHERE claims.thread_relation IN ('first', 'verbatim') AND NOT EXISTS (
        SELECT 1 FROM json_each(claims.fact_checks) AS told WHERE told.value ->> 'id' = later_fact_checks.id
    )
)
SELECT claims.claim, claims.id, claims.seen_at, claims.source_domain, claims.url, claims.title, claims.speaker_name,
    claims.text, claims.thread_id, fact_check ->> 'rating' AS rating, fact_check ->> 'publisher' AS publisher,
    fact_check ->> 'url' AS fact_check_url, fact_check ->> 'claim' AS claim_checked,
    fact_check ->> 'published_at' AS checked_at, fact_check ->> 'confidence' AS sure,
    fact_check ->> 'id' AS fact_check_id, later
FROM checked JOIN claims USING (claim);

CREATE VIEW current_articles AS  -- versions that no later one has replaced
SELECT * FROM articles
WHERE NOT EXISTS (
    SELECT 1 FROM revisions JOIN articles AS later USING (version)
    WHERE revisions.of = articles.id AND later.version <> articles.version AND (
        later.id <> articles.id
        OR (later.processed_at, later.version) > (articles.processed_at, articles.version)
    )
);

CREATE VIEW speakers_by_day AS  -- who made how many claims on which day (UTC), in how many outlets
SELECT date(claims.seen_at) AS day, speakers.name AS speaker, speakers.type AS type, count(*) AS claims,
    count(DISTINCT claims.source_domain) AS outlets
FROM claims JOIN speakers USING (speaker) GROUP BY day, speakers.speaker;

CREATE VIEW speakers_today AS  -- the same for today, the most claims first
SELECT speakers.name AS speaker, speakers.type AS type, count(*) AS claims,
    count(DISTINCT claims.source_domain) AS outlets
FROM claims JOIN speakers USING (speaker)
WHERE claims.seen_at >= strftime('%Y-%m-%dT00:00:00Z', 'now') GROUP BY speakers.speaker ORDER BY claims DESC, speaker;

CREATE VIEW speaker_names AS  -- every name of each speaker, with how often and when it stood in articles
SELECT speakers.speaker, speakers.id, speakers.name AS speaker_name, claims.speaker_name AS name, count(*) AS claims,
    count(DISTINCT claims.article_id) AS articles, min(claims.seen_at) AS first_at, max(claims.seen_at) AS last_at
FROM claims JOIN speakers USING (speaker) GROUP BY speakers.speaker, claims.speaker_name;

CREATE VIEW speaker_roles AS  -- what each speaker is said to be, with the first and the last time
SELECT speakers.speaker, speakers.id, speakers.name AS speaker_name, roles.role,
    count(DISTINCT articles.id) AS articles, min(articles.seen_at) AS first_at, max(articles.seen_at) AS last_at
FROM roles JOIN speakers USING (speaker) JOIN articles USING (version) GROUP BY speakers.speaker, roles.role;

CREATE VIEW speaker_outlets AS  -- in which outlets each speaker has made claims
SELECT speakers.speaker, speakers.id, speakers.name AS speaker_name, claims.source_domain AS outlet,
    count(*) AS claims, min(claims.seen_at) AS first_at, max(claims.seen_at) AS last_at
FROM claims JOIN speakers USING (speaker) GROUP BY speakers.speaker, claims.source_domain;

CREATE VIEW said AS  -- what each speaker has said: WHERE speaker = 'Ann Lee' AND seen_at >= '2026'
SELECT speakers.name AS speaker, speakers.type, claims.seen_at, claims.text, claims.sentence, claims.speaker_name AS name,
    claims.source_domain, claims.title, claims.url, claims.polarity, claims.kind, claims.confidence,
    speakers.id AS speaker_id, claims.id, claims.article_id
FROM claims JOIN speakers USING (speaker);

CREATE VIEW most_carried AS  -- claims that copies carry, those in most articles first; the article itself counts too
SELECT 1 + count(*) AS carriers, count(DISTINCT copy.source_domain) AS outlets_of_copies, claims.text,
    coalesce(claims.speaker_name, claims.speaker_text) AS speaker, claims.title, claims.source_domain,
    claims.published_at, min(copy.seen_at) AS first_copied_at, claims.id, claims.article_id
FROM carriers JOIN claims USING (claim) JOIN articles AS copy ON copy.version = carriers.version
GROUP BY claims.claim ORDER BY carriers DESC, claims.seen_at DESC, claims.claim;

CREATE VIEW changed_after_publication AS  -- articles that their outlets have changed, the latest change first
SELECT later.source_domain, earlier.title AS title_before, later.title AS title_after, earlier.published_at,
    coalesce(later.updated_at, later.fetched_at, later.processed_at) AS changed_at, later.correction,
    (SELECT count(*) FROM claims WHERE claims.version = earlier.version) AS claims_before,
    (SELECT count(*) FROM claims WHERE claims.version = later.version) AS claims_after,
    later.url, earlier.id AS id_before, later.id AS id_after,
    earlier.version AS version_before, later.version AS version_after,
    (SELECT count(DISTINCT number) FROM changes WHERE changes.version = later.version) AS claims_changed
FROM revisions
JOIN articles AS later USING (version)
JOIN articles AS earlier ON earlier.version = (
    SELECT version FROM articles AS before
    WHERE before.id = revisions.of AND before.version <> later.version AND (
        before.id <> later.id
        OR (before.processed_at, before.version) < (later.processed_at, later.version)
    )
    ORDER BY processed_at DESC, version DESC LIMIT 1
)
ORDER BY changed_at DESC, later.version DESC;

CREATE VIEW changed_claims AS  -- what outlets have changed of claims after publication, the latest change first
SELECT articles.source_domain, changes.kind, changes.before_text, claims.text AS after_text, changes.before_speaker,
    coalesce(claims.speaker_name, claims.speaker_text) AS after_speaker, articles.title, articles.published_at,
    coalesce(articles.updated_at, articles.fetched_at, articles.processed_at) AS changed_at, articles.correction,
    articles.url, articles.id AS article_id, articles.revision_of, changes.before_id, claims.id AS after_id
FROM changes JOIN articles ON articles.version = changes.version LEFT JOIN claims ON claims.claim = changes.claim
ORDER BY changed_at DESC, changes.version DESC, changes.number, changes.kind;

CREATE VIEW outlets AS  -- what each outlet has brought
SELECT source_domain AS outlet, count(*) AS articles, count(copies.version) AS copies,
    sum(coalesce(counted.claims, 0)) AS claims, max(seen_at) AS last_seen_at
FROM articles LEFT JOIN copies USING (version)
LEFT JOIN (SELECT version, count(*) AS claims FROM claims GROUP BY version) AS counted USING (version)
GROUP BY source_domain ORDER BY articles DESC, outlet;

CREATE VIEW told_stories AS  -- one row for each story: stories that were merged count as one, and so do the versions of an article
WITH told AS (
    SELECT coalesce(stories.merged_into, stories.story) AS whole, articles.*
    FROM articles JOIN stories ON stories.story = articles.story_id
    WHERE NOT EXISTS (SELECT 1 FROM revisions WHERE revisions.version = articles.version)
)
SELECT whole AS story, count(DISTINCT id) AS articles, count(DISTINCT source_domain) AS outlets,
    (
        SELECT title FROM stories AS part JOIN articles AS first ON first.story_id = part.story
        WHERE part.story = told.whole OR part.merged_into = told.whole ORDER BY first.seen_at, first.version LIMIT 1
    ) AS title,
    (
        SELECT group_concat(name, ', ') FROM (
            SELECT entities.name AS name FROM stories AS part JOIN articles AS one ON one.story_id = part.story
            JOIN entities ON entities.version = one.version
            WHERE (part.story = told.whole OR part.merged_into = told.whole)
                AND entities.label IN ('PERSON', 'ORG', 'GPE', 'LOC', 'NORP', 'FAC', 'EVENT')
            GROUP BY entities.name ORDER BY count(DISTINCT one.id) DESC, min(entities.start), entities.name LIMIT 5
        )
    ) AS names,
    min(seen_at) AS first_seen_at, max(seen_at) AS last_seen_at
FROM told GROUP BY whole;

CREATE VIEW stories_today AS  -- those with an article of today (UTC), in most outlets first
SELECT * FROM told_stories WHERE last_seen_at >= strftime('%Y-%m-%dT00:00:00Z', 'now')
ORDER BY outlets DESC, articles DESC, first_seen_at, story;

CREATE VIEW threads AS  -- claims that several articles make, in whichever words; versions of an article are one article
SELECT said.thread_id AS thread, first.text, coalesce(first.speaker_name, first.speaker_text) AS speaker,
    count(*) AS claims,
    count(DISTINCT said.source_domain) AS outlets,
    -- What an agency wrote counts once, whoever prints it.
    count(DISTINCT coalesce(articles.agency, said.source_domain)) AS sources,
    (SELECT count(*) FROM carriers JOIN claims AS carried USING (claim) WHERE carried.thread_id = said.thread_id)
        AS copies,
    sum(said.thread_relation = 'verbatim') AS verbatim, sum(said.thread_relation = 'cut') AS cut,
    sum(said.thread_relation = 'reworded') AS reworded,
    min(said.seen_at) AS first_seen_at, max(said.seen_at) AS last_seen_at
FROM claims AS said JOIN articles USING (version)
LEFT JOIN claims AS first ON first.claim = (SELECT min(claim) FROM claims WHERE id = said.thread_id)
WHERE said.thread_id IS NOT NULL GROUP BY said.thread_id HAVING count(DISTINCT articles.id) > 1;

CREATE VIEW same_claim_across_outlets AS  -- the threads of more than one outlet, those of the most first
SELECT * FROM threads WHERE outlets > 1 ORDER BY outlets DESC, last_seen_at DESC, thread;

CREATE VIEW linked_claims AS  -- pairs of claims that are about the same and not the same; the later one first
SELECT thread_links.relation, later.text, coalesce(later.speaker_name, later.speaker_text) AS speaker,
    later.source_domain AS outlet, later.seen_at,
    earlier.text AS other_text, coalesce(earlier.speaker_name, earlier.speaker_text) AS other_speaker,
    earlier.source_domain AS other_outlet, earlier.seen_at AS other_seen_at,
    thread_links.thread, thread_links.other
FROM thread_links
JOIN claims AS later ON later.claim = (SELECT min(claim) FROM claims WHERE id = thread_links.thread)
JOIN claims AS earlier ON earlier.claim = (SELECT min(claim) FROM claims WHERE id = thread_links.other);

CREATE VIEW figures_that_differ AS  -- who gives which figure, in two claims about the same
SELECT text, speaker, outlet, seen_at, other_text, other_speaker, other_outlet, other_seen_at, relation
FROM linked_claims WHERE relation IN ('figures_differ', 'corrected') ORDER BY seen_at DESC, thread, other;

CREATE VIEW denied AS  -- pairs of claims of which one says that the other is not so
SELECT text, speaker, outlet, seen_at, other_text, other_speaker, other_outlet, other_seen_at
FROM linked_claims WHERE relation = 'denied_by' ORDER BY seen_at DESC, thread, other;

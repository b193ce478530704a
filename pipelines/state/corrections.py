"""What a user says against a verdict of the deduplication."""

from __future__ import annotations

import msgspec

from claimwire.errors import UsageError
from claimwire.pipelines.dedupe import fingerprint, sqlite
from claimwire.pipelines.state import StateError, queue, samples
from claimwire.pipelines.state.database import transaction
from claimwire.pipelines.state.opening import State
from claimwire.schemas import Article, encode


class NotSplitError(StateError, UsageError):
    """An article cannot be split from another; the message says why."""


def split(state: State, article: Article) -> None:
    """Say that an article is not a copy of what it was taken for: it is forgotten and queued, and the next run judges
    it again and extracts it; the two are never joined again. All in one transaction.

    Raises NotSplitError where there is nothing to split.
    """
    print_ = fingerprint.fingerprint(article)
    before = [fingerprint.id_key(article.revision_of)] if article.revision_of else []
    known = sqlite.SqliteIndex(state.database).lookup([*print_.all_keys(), *before])
    own = next((known[key] for _, key in print_.versions if key in known), None)
    if state.db.execute("SELECT 1 FROM queue WHERE kind = 'article' AND key = ?", (print_.order,)).fetchone():
        raise NotSplitError(f"article {article.id} waits already for the next run")
    if own is None or own.article_id != article.id:
        raise NotSplitError(f"{state.folder} does not remember article {article.id}; name the --state of its run")
    others = {seen.identity for seen in known.values()} | {
        seen.copied.identity for seen in known.values() if seen.copied
    }
    others.discard(own.identity)
    names = [key for _, key in print_.identities[1:]]
    named = [known[name] for name in names if name in known]
    if any(seen.identity == own.identity and (seen.number or 0) > (own.number or 0) for seen in named):
        raise NotSplitError(f"article {article.id} has a later version; that one can be split")
    if not others:
        raise NotSplitError(f"article {article.id} is not remembered as a copy; there is nothing to split")
    with transaction(state.db) as db:
        earlier = known.get(before[0]) if before else None
        sqlite.split(db, own, others, earlier, names)
        article = msgspec.structs.replace(article, revision_of=None)
        queue.put(db, article, encode(article), queue.next_intake(db))
        samples.add(db, samples.ENTRIES, {(): 1})

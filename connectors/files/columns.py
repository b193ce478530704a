"""Which column of a table has what. Settings are checked by it, so nothing that is slow to import is imported here."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

FIELDS = (
    "id", "guid", "url", "title", "text", "content", "summary", "authors", "language", "published", "updated",
    "fetched_at", "tags", "source_name", "section",
)  # fmt: skip
"""What a plain object or a row can say of an article, each by the first of the names that it can have there."""

_LISTS = ("authors", "author", "tags", "keywords")
_SEPARATORS = re.compile(r"\s*[;|\n]\s*")


class Columns(msgspec.Struct, frozen=True):
    """Which column of a table has what, where its name does not say it: fields of an article with names of columns."""

    of: tuple[tuple[str, str], ...] = ()

    @staticmethod
    def parse(given: Sequence[str]) -> Columns:
        """Columns of ``FIELD=COLUMN``, e.g. ``text=body_plain``. Raises ValueError, which says what is right."""
        found: dict[str, str] = {}
        for each in given:
            field, _, column = (part.strip() for part in each.partition("="))
            field = field.lower()
            if not (field and column):
                raise ValueError(f"{each!r} is not FIELD=COLUMN, e.g. text=body_plain")
            if field not in FIELDS:
                raise ValueError(f"{field!r} is no field of an article; fields are {', '.join(FIELDS)}")
            if found.setdefault(field, column) != column:
                raise ValueError(f"{field} cannot be in two columns, {found[field]!r} and {column!r}")
        return Columns(tuple(found.items()))

    def problem(self, names: Sequence[str]) -> str | None:
        """What is wrong with a table of these columns: it lacks what is named, or has nothing of an article."""
        if twice := [name for name, times in Counter(filter(None, names)).items() if times > 1]:
            return f"two columns are called {twice[0]!a}"
        for field, column in self.of:
            if column not in names:
                return f"there is no column {column[:40]!r} for {field}; its columns are {_listed(names)}"
        if not self.of and not {_plain_name(name).lower() for name in names} & _ENOUGH:
            return (
                "no column is called url, title or text, nor by another name that is known; say which columns have "
                f"them with columns (--columns url=NAME --columns text=NAME); its columns are {_listed(names)}"
            )
        return None

    def row(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """A row by the usual names. A column that is named for a field is that field and nothing else."""
        named = {column for _, column in self.of}
        row = {_plain_name(name): given for name, given in found.items() if name not in named}
        row |= {field: found.get(column) for field, column in self.of}
        if any(field == "content" for field, _ in self.of):
            row = {name: given for name, given in row.items() if name.lower() not in ("text", "body")}
        for name, given in row.items():
            if name.lower() in _LISTS and isinstance(given, str) and _SEPARATORS.search(given):
                row[name] = _SEPARATORS.split(given.strip())
        return row


BY_NAME = Columns()
"""Every column is called by one of the usual names."""

_ENOUGH = frozenset(
    ("url", "link", "canonical_url", "title", "headline", "text", "body", "content", "articlebody", "story_text", "uri")
)


def _plain_name(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(ascii(name[:40]) for name in names[:20]) + (", ..." if len(names) > 20 else "")

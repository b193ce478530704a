"""Digests that articles are named by."""

from __future__ import annotations

import hashlib


def digest(*parts: str) -> str:
    """SHA-256 of texts in a row, in hexadecimal."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def content_hash(title: str | None, text: str) -> str:
    """``Article.content_hash`` of an article with this title and text."""
    return digest("content", title or "", text)

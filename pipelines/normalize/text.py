"""Clean text: without characters that cannot be encoded or that change how a screen displays the rest.

``clean`` is for what is kept, ``escaped`` for what is printed or logged.
"""

from __future__ import annotations

import re

# NUL and other control characters except tab and newlines; embeddings, overrides and isolates of writing direction
# (UAX #9), which display a line in another order than it is stored. Marks such as U+200F stay: right-to-left text
# needs them.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# All of these, and what begins a new line.
_NOT_PRINTED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Replace each lone surrogate with U+FFFD and each unsafe control character with a space.

    The length stays the same, so that offsets into the sender's text remain valid.
    """
    return _LONE_SURROGATE.sub("\ufffd", _UNSAFE.sub(" ", text))


def escaped(text: str) -> str:
    """The text as one line of a terminal or log: what would control the screen, begin another line or turn the writing
    direction is written as ``\\u001b``.

    JSON stays the same JSON, because such characters occur only in its strings.
    """
    return _NOT_PRINTED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str | None) -> str | None:
    """The text of a short field, clean and on one line; None if nothing is left of it."""
    return _SPACE.sub(" ", clean(text)).strip() or None if text else None


def distinct_lines(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each text as ``one_line`` gives it, in the given order, without empty ones and repetitions."""
    return tuple(dict.fromkeys(line for line in map(one_line, texts) if line))

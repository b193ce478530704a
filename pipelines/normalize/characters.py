"""Characters that no record and no screen should get."""

from __future__ import annotations

import re

# NUL and other controls but tab and newlines; embeddings, overrides and isolates of writing direction (UAX #9), which
# make a line read otherwise than it is written. Marks such as U+200F stay: right-to-left text needs them.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def clean(text: str) -> str:
    """The text with each lone surrogate as U+FFFD and each unsafe control as a space.

    It is as long as before, so that offsets fit the text that the sender holds.
    """
    return _LONE_SURROGATE.sub("\ufffd", _UNSAFE.sub(" ", text))

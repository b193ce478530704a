"""Rows to CSV as spreadsheets read it (RFC 4180, UTF-8), in which no cell is a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

Value = str | float | int | None

# What a spreadsheet takes for a formula when a cell begins with it, whatever quotes stand around it in the file
# (OWASP, CSV Injection); the wide forms count in East Asian locales.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def write_csv(file: TextIO, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    """Write a line of column names and a line a row. Text that could be a formula gets an apostrophe in front."""
    writer = csv.writer(file)  # its line ends make it quote both of their characters
    writer.writerow(columns)
    for row in rows:
        writer.writerow([safe(value) for value in row])


def safe(value: Value) -> Value:
    """A value as a cell: numbers as they are, text with an apostrophe in front where it could be a formula."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value

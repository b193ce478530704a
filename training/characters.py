"""Writes the table of characters by which the extractor's WordPiece cuts words.

    python -m training.characters --out pipelines/extract/data/characters.tsv

It asks the package tokenizers, with which the tagger was trained, about every character of Unicode.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from itertools import groupby
from pathlib import Path

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

_HEADER = """\
# What WordPiece drops from a text (control characters, formats, accents) and what it takes for a word by itself, as
# the package tokenizers {version} has it (Apache-2.0; its tables are those of Unicode 7).
# Written by training/characters.py.
# Columns, separated by tabs: dropped or punctuation, first and last code point of a range.
"""
_SURROGATES = range(0xD800, 0xE000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    out: Path = parser.parse_args().out
    characters = [chr(code) for code in range(0x110000) if code not in _SURROGATES]
    normal, words = BertNormalizer(lowercase=True), BertPreTokenizer()
    dropped = (char for char in characters if normal.normalize_str(f"a{char}b") == "ab")
    alone = (char for char in characters if len(words.pre_tokenize_str(f"a{char}b")) == 3)
    lines = [
        f"{kind}\t{first:X}\t{last:X}\n"
        for kind, found in (("dropped", dropped), ("punctuation", alone))
        for first, last in _ranges(map(ord, found))
    ]
    out.write_text(_HEADER.format(version=version("tokenizers")) + "".join(lines), encoding="utf-8")


def _ranges(codes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Sorted numbers as ranges, from the first to the last of each row without a gap."""
    for _, row in groupby(enumerate(codes), key=lambda item: item[1] - item[0]):
        numbers = [code for _, code in row]
        yield numbers[0], numbers[-1]


if __name__ == "__main__":
    main()

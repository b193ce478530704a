"""Makes inputs: sentences of a grammar or documents of a corpus, changed at random. Equal seeds make equal inputs."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from random import Random

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]

# What programs trip over, whatever they read.
_CURIOUS = (
    b"\0", b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xed\xbf\xbf", b"\xf4\x90\x80\x80", b"\xe2\x80", codecs.BOM_UTF8,
    codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, "\u2028".encode(), "\u202e".encode(),
    "\u00ad".encode(), "\u200d".encode(), "\u0301".encode() * 40, "\U0001f600".encode(), "\ufdfa".encode(),
    "İ".encode(), "ß".encode(), "ﬃ".encode(), "\x85".encode(), b"\r", b"\n\n", b"\t", b"\x1b]0;x\x07", b"\x7f",
    b"%00", b"%ff", b"&#0;", b"&#xd800;", b"&#99999999999;", b"&amp;amp;lt;", b"]]>", b"<!--", b"-->", b"\\u0000",
    b"\\ud83d", b"\\", b"'", b'"', b"0", b"-1", b"1e999", b"-0", b"9" * 25, b"9" * 5000, b"1e-999", b"NaN", b"null",
    b"1970-01-01T00:00:00Z", b"9999-12-31T23:59:60+23:59", b"0000-00-00", b"\x1f\x8b", b"\x28\xb5\x2f\xfd",
)  # fmt: skip


def made(
    random: Random,
    corpus: Sequence[bytes],
    words: Sequence[bytes],
    grammar: Callable[[Random], bytes],
    longest: int,
) -> bytes:
    """One input of at most ``longest`` bytes: from the grammar or the corpus, and in most cases changed.

    ``words`` are what the format is made of; mutations put them where they do not belong.
    """
    data = grammar(random) if random.random() < 0.5 else random.choice(corpus)
    for _ in range(random.choice((0, 1, 1, 1, 2, 2, 3, 4, 8))):
        data = random.choice(MUTATIONS)(random, data, words)[: 2 * longest]
    return data[:longest]


def _slice(random: Random, data: bytes) -> tuple[int, int]:
    start = random.randrange(len(data) + 1)
    return start, min(len(data), start + random.choice((1, 2, 4, 8, 16, 64, 256, 1024)))


def _flip(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    if not data:
        return data
    at = random.randrange(len(data))
    return data[:at] + bytes((data[at] ^ 1 << random.randrange(8),)) + data[at + 1 :]


def _replace(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _slice(random, data)
    return data[:start] + random.choice(words) + data[end:]


def _insert_word(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(words) + data[at:]


def _insert_curiosity(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(_CURIOUS) + data[at:]


def _insert_noise(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.randbytes(random.choice((1, 2, 4, 16))) + data[at:]


def _remove(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _slice(random, data)
    return data[:start] + data[end:]


def _repeat(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _slice(random, data)
    return data[:end] + data[start:end] * random.choice((1, 2, 3, 20, 400)) + data[end:]


def _repeat_word(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(words) * random.choice((2, 10, 100, 1000)) + data[at:]


def _swap(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _slice(random, data)
    after = random.randrange(end, len(data) + 1)
    return data[:start] + data[end:after] + data[start:end] + data[after:]


def _cut(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _behead(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    return data[random.randrange(len(data) + 1) :]


def _wrap(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _slice(random, data)
    times = random.choice((1, 3, 50))
    return data[:start] + random.choice(words) * times + data[start:end] + random.choice(words) * times + data[end:]


def _other_case(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    start, end = _slice(random, data)
    return data[:start] + data[start:end].swapcase() + data[end:]


def _number(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    digits = [at for at in range(len(data)) if 48 <= data[at] < 58]
    if not digits:
        return data
    at = random.choice(digits)
    return data[:at] + random.choice((b"", b"00", b"-1", b"1e309", b"9" * 20, b".5", b"9" * 4400)) + data[at + 1 :]


def _other_encoding(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    encoding = random.choice(("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "latin-1", "cp1252", "utf-7", "shift_jis"))
    return data.decode("utf-8", "replace").encode(encoding, "replace")


def _twice_encoded(random: Random, data: bytes, words: Sequence[bytes]) -> bytes:
    return data.decode("latin-1").encode()


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _replace, _insert_word, _insert_curiosity, _insert_noise, _remove, _repeat, _repeat_word, _swap, _cut,
    _behead, _wrap, _other_case, _number, _other_encoding, _twice_encoded,
)  # fmt: skip

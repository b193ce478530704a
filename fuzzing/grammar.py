"""Random sentences of the formats that are read: each function takes a Random and gives a document."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random

SAID = (
    "Ann Lee", "said", " ", "\n", "\n\n", '"', "“", "”", "'", "’", "«", "»", ",", ".", ": ", "that", "the minister",
    "is said to be", "according to", "sources", "Kyiv", "T-72 tank", "at least 2,000", "😀", "ال", "\u200f", "if",
    "it has been claimed", "told reporters", "-", "—", "dozens of", "the claim that", "it will rain", "he", "they", "(",
    "The U.S. Army", "denied", "it was", "not", "Mr.", "3.5 million euros", "SMITH", "[...]", "#", "http://a.example/",
)  # fmt: skip


def text(random: Random) -> bytes:
    """Prose, more or less, in which somebody says something."""
    joint = random.choice((" ", " ", " ", "", "\n"))
    return joint.join(random.choices(SAID, k=random.choice((1, 5, 20, 60, 200)))).encode()


def markup(names: Sequence[str], attributes: Sequence[str], values: Sequence[str]) -> Callable[[Random], bytes]:
    """Elements within elements, most of them closed."""

    def element(random: Random, depth: int) -> str:
        name = random.choice(names)
        given = "".join(
            random.choice((' {}="{}"', " {}='{}'", " {}={}")).format(random.choice(attributes), random.choice(values))
            for _ in range(random.choice((0, 0, 0, 1, 2)))
        )
        if random.random() < 0.1:
            return f"<{name}{given}/>"
        inner = content(random, depth - 1) if depth else random.choice(values)
        return f"<{name}{given}>{inner}" + (f"</{name}>" if random.random() < 0.95 else "")

    def content(random: Random, depth: int) -> str:
        pieces = random.choice((1, 1, 2, 3, 6))
        return "".join(
            element(random, depth) if random.random() < 0.6 else random.choice(values) for _ in range(pieces)
        )

    return lambda random: content(random, random.choice((1, 2, 3, 4))).encode("utf-8", "surrogatepass")


def within(before: str, inner: Callable[[Random], bytes], after: str) -> Callable[[Random], bytes]:
    """What another grammar makes, with a fixed beginning and end."""
    return lambda random: before.encode() + inner(random) + after.encode()


def json_object(names: Sequence[str], values: Sequence[str]) -> Callable[[Random], bytes]:
    """An object with known and unknown keys, and whatever JSON allows, or nearly, as values."""

    def value(random: Random, depth: int) -> str:
        kind = random.randrange(12 if depth else 8)
        if kind < 4:
            return json.dumps(random.choice(values), ensure_ascii=random.random() < 0.5)
        if kind < 6:
            return random.choice(("null", "true", "0", "-0", "1e999", "1e-999", "NaN", "20220404", "1647000000", "3.5"))
        if kind < 8:
            return random.choice(('"\\ud83d"', '"\\u0000"', '"\\ud83d\\ude00"', "9" * 30, "[]", "{}", '""', "-1e308"))
        if kind < 10:
            return f"[{','.join(value(random, depth - 1) for _ in range(random.randrange(4)))}]"
        return an_object(random, depth - 1)

    def an_object(random: Random, depth: int) -> str:
        pairs = (
            f"{json.dumps(random.choice(names))}:{value(random, depth)}" for _ in range(random.choice((1, 3, 6, 12)))
        )
        return f"{{{','.join(pairs)}}}"

    return lambda random: an_object(random, 3).encode("utf-8", "surrogatepass")


def lines(of: Callable[[Random], bytes]) -> Callable[[Random], bytes]:
    """Sentences of another grammar, one a line."""
    return lambda random: b"\n".join(of(random) for _ in range(random.choice((1, 1, 2, 4))))


def row(pieces: Sequence[str], most: int, joints: Sequence[str] = ("",)) -> Callable[[Random], bytes]:
    """Pieces in any order."""
    return lambda random: (
        random.choice(joints).join(random.choices(pieces, k=random.randint(1, most))).encode("utf-8", "surrogatepass")
    )


def settings(names: Sequence[str], values: Sequence[str]) -> Callable[[Random], bytes]:
    """Lines of YAML."""

    def line(random: Random) -> str:
        name, value = random.choice(names), random.choice(values)
        form = random.choice(
            ("{}: {}", "{}: {}", "{}:\n  - {}", "{}: [{}, {}]", "{}: {{a: {}}}", "{}: '{}'", "{}: &a {}")
        )
        return form.format(name, value, value)

    return lambda random: "\n".join(line(random) for _ in range(random.choice((1, 2, 4)))).encode()

"""Numbers inside a claim: value, unit and comparator."""

from __future__ import annotations

import re
from typing import Literal

from claimwire.pipelines.extract.wordlists import any_of
from claimwire.schemas import Quantity, Span

Comparator = Literal["=", ">", ">=", "<", "<=", "~"]

_COMPARATORS: dict[str, Comparator] = {
    "at least": ">=", "no fewer than": ">=", "no less than": ">=", "not less than": ">=", "a minimum of": ">=",
    "at most": "<=", "no more than": "<=", "not more than": "<=", "up to": "<=", "as many as": "<=",
    "as much as": "<=", "a maximum of": "<=", "more than": ">", "over": ">", "above": ">", "greater than": ">",
    "in excess of": ">", "upwards of": ">", "fewer than": "<", "less than": "<", "under": "<", "below": "<",
    "about": "~", "around": "~", "roughly": "~", "approximately": "~", "some": "~", "nearly": "~", "almost": "~",
    "an estimated": "~", "estimated": "~", "close to": "~", "circa": "~",
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 10**6, "billion": 10**9, "trillion": 10**12,
           "m": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12, "k": 1_000}  # fmt: skip
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: number for number, word in enumerate(_UNITS.split())}
_WORDS |= {word: 10 * number for number, word in enumerate(_TENS.split(), start=2)}
_CURRENCIES = {"$": "USD", "US$": "USD", "£": "GBP", "€": "EUR", "¥": "JPY", "₹": "INR", "A$": "AUD", "C$": "CAD"}
_SMALL = any_of(_WORDS)
# (?a:...) because IGNORECASE alone takes "ſ" for an "s".
_QUANTITY = re.compile(
    rf"(?:(?P<how>(?a:{any_of(_COMPARATORS)}))\s+)?"
    rf"(?:(?P<currency>US\$|A\$|C\$|[$£€¥₹])\s?)?"
    rf"(?:(?P<digits>(?<![\w.,-])\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?|(?<![\w.,-])\d{{1,15}}(?:\.\d+)?)|"
    rf"(?P<word>\b(?a:{_SMALL})(?:-(?a:{_SMALL}))?\b)|(?P<vague>\b(?:dozens|scores|hundreds|thousands|"
    rf"tens of thousands|hundreds of thousands|millions|billions)\s+of\b))"
    rf"(?:\s?(?P<scale>(?a:hundred|thousand|million|billion|trillion)\b|(?<=\d)(?a:bn|mn|tn|m|k)\b))?"
    rf"(?P<percent>\s?(?:%|per\s?cent\b|percent\b|percentage points\b))?",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"\s+(?:(?:US\$|A\$|C\$|[$£€¥₹])?\s?\d|(?a:{_SMALL})\b(?!\s+(?:of|thing|another)\b|['’])|half\b|"
    r"an?\s+(?:half|third|quarter|fifth|sixth|tenth|dozen|score|hundred|thousand|million|billion|trillion)\b)",
    re.IGNORECASE,
)
_NO_UNIT = frozenset({
    "of", "in", "on", "at", "by", "for", "from", "to", "and", "or", "but", "as", "than", "is", "are", "was", "were",
    "be", "been", "have", "has", "had", "will", "would", "could", "may", "might", "that", "which", "who", "when",
    "while", "with", "the", "a", "an", "his", "her", "its", "their", "this", "these", "those", "it", "he", "she",
    "they", "we", "i", "you", "not", "after", "before", "since", "until", "against", "during", "per", "into", "over",
    "under", "about", "between", "through", "if", "so", "because",
})  # fmt: skip
_MONTHS = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec",
})  # fmt: skip
_COUNTED = re.compile(r"(?:\s+[^\W\d_][\w’'-]*){1,4}")
_IRREGULAR = {"people": "person", "men": "man", "women": "woman", "children": "child", "lives": "life", "feet": "foot"}


def begins_number(text: str, start: int, end: int) -> bool:
    """Whether the next words are a number ("2,000", "five") or a share ("half", "a third", "one in five")."""
    return _NUMBER.match(text, start, end) is not None


def singular(noun: str) -> str:
    """The singular of a unit, lower case, by the regular endings of English."""
    noun = noun.lower()
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith("ies") and len(noun) > 4:
        return noun[:-3] + "y"
    if noun.endswith(("sses", "shes", "ches", "xes")):
        return noun[:-2]
    if noun.endswith("s") and not noun.endswith(("ss", "us", "is")):
        return noun[:-1]
    return noun


def find_quantities(text: str, spans: tuple[Span, ...]) -> tuple[Quantity, ...]:
    """The quantities inside the spans of a text, in order; a quantity covers comparator, number and scale.

    Years, days of a month and numbers inside names (``T-72``) are not quantities.
    """
    found = (_quantity(text, match, end) for start, end in spans for match in _QUANTITY.finditer(text, start, end))
    return tuple(quantity for quantity in found if quantity is not None)


def _quantity(text: str, match: re.Match[str], end: int) -> Quantity | None:
    digits, word, currency, percent = match["digits"], match["word"], match["currency"], match["percent"]
    how = " ".join((match["how"] or "").lower().split())
    value: float | None = None
    if digits:
        value = float(digits.replace(",", ""))
    elif word:
        value = float(sum(_WORDS[part] for part in word.lower().split("-")))
    if value is not None and match["scale"]:
        value *= _SCALES[match["scale"].lower()]
    after = text[match.end() : match.end() + 1]
    if after in ("-", "–") or (digits and after.isalpha()):
        return None
    unit = _unit(text, match.end(), end, plural=value != 1)
    if currency:
        unit = _CURRENCIES[currency.upper()]
    elif percent:
        unit = "percentage point" if "point" in percent else "percent"
    elif digits and not match["scale"]:
        before = text[max(0, match.start("digits") - 12) : match.start("digits")].lower().split()
        year = "," not in digits and "." not in digits and 1000 <= float(digits) <= 2100
        if (before and before[-1].strip(".") in _MONTHS) or (unit in _MONTHS):
            return None
        if year and (unit is None or (before and before[-1] in {"in", "since", "by", "until", "from", "of", "and"})):
            return None
    elif word and unit is None and not match["scale"]:
        # "one of them", "the two": a pronoun more than a number.
        return None
    comparator: Comparator = _COMPARATORS[how] if how else ("~" if match["vague"] else "=")
    return Quantity(match.start(), match.end(), value, unit, comparator)


def _unit(text: str, start: int, end: int, plural: bool) -> str | None:
    """The noun that is counted: the next word, or the first plural behind up to three adjectives."""
    match = _COUNTED.match(text, start, end)
    if match is None:
        return None
    following = match.group().split()
    kept: list[str] = []
    for word in following:
        if word.lower() in _NO_UNIT:
            break
        kept.append(word)
    if not kept:
        return None
    if plural:
        for word in kept:
            if word.lower() in _IRREGULAR or (word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "’s"))):
                return singular(word)
        return singular(kept[0]) if len(kept) == 1 else None
    return singular(kept[0])

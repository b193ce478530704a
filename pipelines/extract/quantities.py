"""Numbers inside a claim: value, unit and comparator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

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
           "m": 10**6, "mn": 10**6, "bn": 10**9, "tn": 10**12, "k": 1_000, "dozen": 12, "lakh": 10**5, "lakhs": 10**5,
           "crore": 10**7, "crores": 10**7, "lakh crore": 10**12}  # fmt: skip
_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_WORDS = {word: number for number, word in enumerate(_UNITS.split())}
_WORDS |= {word: 10 * number for number, word in enumerate(_TENS.split(), start=2)}
_WORDS |= {"dozen": 12, "twice": 2}
_SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5, "sixth": 1 / 6, "seventh": 1 / 7,
           "eighth": 1 / 8, "ninth": 1 / 9, "tenth": 1 / 10}  # fmt: skip
_CURRENCIES = {"$": "USD", "US$": "USD", "£": "GBP", "€": "EUR", "¥": "JPY", "₹": "INR", "A$": "AUD", "C$": "CAD",
               "RS": "INR", "RS.": "INR", "INR": "INR"}  # fmt: skip
_CURRENCY = r"(?:US\$|A\$|C\$|[$£€¥₹]|\b(?-i:Rs\.?|INR)(?=\s?\d))"
_SMALL = any_of({*_UNITS.split(), *_TENS.split()})
_PARTS = any_of(_SHARES.keys() - {"half"})
_MANY = r"(?:dozens|scores|tens|hundreds|thousands|millions|billions|trillions)"


def _pattern(before: str) -> re.Pattern[str]:
    """A number with its comparator, currency, scale and percent; ``before`` is what must not stand before figures."""
    # (?a:...) because IGNORECASE alone takes "ſ" for an "s".
    return re.compile(
        rf"(?:(?P<how>(?a:{any_of(_COMPARATORS)}))\s+)?"
        rf"(?:(?P<currency>{_CURRENCY})\s?)?"
        rf"(?:(?P<digits>(?(currency)|{before})(?:(?:\d{{1,2}}(?:,\d\d)+,\d{{3}}|\d{{1,3}}(?:,\d{{3}})+|\d{{1,15}})"
        rf"(?:\.\d+)?|\.\d+))|"
        rf"(?P<word>\b(?a:{_SMALL})(?:-(?a:{_SMALL}))?\b(?![\s-](?a:{_PARTS}))|\btwice\b|"
        rf"\b(?:(?P<halved>half)\s)?a\s(?P<dozen>dozen)\b)|"
        rf"(?P<share>\b(?:(?:an?|(?P<parts>(?a:{_SMALL})))[\s-](?=(?a:{_PARTS})))?(?P<part>(?a:half|{_PARTS}))s?\b)|"
        rf"(?P<round>\b(?:an?|several|a\sfew|a\scouple(?:\sof)?)\s(?=(?a:hundred|thousand|million|billion|trillion|lakh|crore)\b)|"
        rf"\b(?:several|a\sfew|a\scouple(?:\sof)?)\s(?=(?a:dozen)\b))|"
        rf"(?P<vague>\b(?a:{_MANY})(?:\s+of\s+(?a:{_MANY}))?\s+of\b))"
        rf"(?:[\s-]?(?P<scale>(?a:hundred|thousand|million|billion|trillion|dozen|lakh\scrore|lakhs?|crores?)\b|(?<=\d)(?a:bn|mn|tn|m|k)\b))?"
        rf"(?P<percent>\s?(?:%|per\s?cent\b|percent\b|percentage points\b))?",
        re.IGNORECASE,
    )


_QUANTITY = _pattern(r"(?<![\w.,-])(?<!\d[–—])")
_MOST = _pattern("")
"""The end of a range, behind its dash."""
# "7–10%", "$200 to $450", "one or two months".
_RANGE = re.compile(
    rf"(?:(?P<dash>\s?[–—-]\s?)|\s(?:to|or|(?P<and>and))\s)(?={_CURRENCY}?\s?(?:\d|(?a:{_SMALL})\b))",
    re.IGNORECASE,
)
_NUMBER = re.compile(
    rf"\s+(?:{_CURRENCY}?\s?\d|(?a:{_SMALL})\b(?!\s+(?:of|thing|another)\b|['’])|half\b|"
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
_N = rf"(?:\d{{1,3}}|(?a:{_SMALL})(?:-(?a:{_SMALL}))?)"
_TIME_UNITS = "(?:second|minute|hour|day|week|month|year|decade|centur(?:y|ie))s?"
# Figures and words that count nothing: times of day, dates, ages, blocks of a street, telephone numbers, and when
# something happened ("two years ago", "in the last six months").
_UNCOUNTED = re.compile(
    rf"\b\d{{1,2}}(?:[:.]\d\d)?\s?[ap](?:\.\s?m\.|m\b)|\b\d{{1,2}}:\d\d\b|"
    rf"\b\d{{4}}\s(?:GMT|UTC|BST|CET|EST|EDT|PST|PDT)\b|\b{_N}\so['’]clock\b|"
    rf"\b\d{{1,2}}/\d{{1,2}}(?:/\d\d){{1,2}}\b|"
    rf"\b(?a:{any_of(_MONTHS)})\.?\s\d{{1,2}}(?:\s?(?:and|to|or|[–-])\s?\d{{1,2}})+\b|"
    rf"\bages?\s[^.;\d]{{0,40}}\b(?:are|were|is|was)\s\d{{1,3}}(?:,?\s(?:and\s)?\d{{1,3}}\b)*|"
    rf"\bage[ds]?\s(?:(?:between|from|of|under|over)\s)*{_N}(?:\s?(?:and|to|or|[–-])\s?{_N})?\b|"
    rf"\bturn(?:s|ed|ing)?\s{_N}\b(?!\s\w+s\b)|"
    rf"\b{_N}(?:\s?(?:and|to|or|[–-])\s?{_N})?[\s-](?:year|month|week|day)s?[\s-](?:old|of\sage)|"
    rf"\b{_N}\s{_TIME_UNITS}\sago\b|\b(?:last|past|next|coming)\s{_N}\s{_TIME_UNITS}\b|"
    rf"\b24/7\b|\b(?:first|second|latter|other)\shalf\b|\b(?:he|she|who)\s(?:is|was)\s{_N}(?=\s?[^\w\s.-]|\.?\W?$|\.\s)|"
    rf"\b\d{{2,6}}\sblock\b|\b(?:call(?:s|ed|ing)?|dial(?:s|led|ed|ling|ing)?|phoned)\s(?:911|999)\b|"
    rf"\b(?:911|999)\s(?:calls?|callers?|dispatch\w*|operators?|recordings?|tapes?)\b|"
    rf"(?<![\d,.])\(?\d{{3}}\)?[\s.-]?\d{{3}}[.-]\d{{4}}(?:/\d+)*\b|\b(?-i:[A-Z]{{3,}})\s\(\d{{4,}}\)",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"(?:\s+[\"“‘']?[^\W\d_][\w’'-]*){1,4}")
# "120 mm" between a number and what is counted: "two 120 mm rounds".
_SIZE = re.compile(r"\s+\d[\d.,]*[\s-]?(?:mm|cm|m|km|kg|g|lb|inch|foot|calibre|caliber)\b")
_MEASURED = re.compile(
    r"-(?P<unit>game|second|minute|hour|day|week|month|mile|kilometer|kilometre|meter|metre|yard|foot|inch|ton|tonne|"
    r"pound|point|seat|member|page|vote|megawatt|bed|degree|digit|caliber|calibre|km|kg|mm|lb)\b",
    re.IGNORECASE,
)
_MEASURES = frozenset({"mm", "cm", "m", "km", "kg", "g", "lb", "mph", "kph", "mw", "kw", "gb", "mb"})
_JOINED = re.compile(rf"(?:{any_of(_MEASURES - {'m', 'g'})})\b", re.IGNORECASE)
"""Behind figures without a space: "300km"; "300m" may be millions."""
# "Five of the dead", "all six were hurt", "the four are related": what is counted has been named before.
_NAMED_BEFORE = re.compile(
    r"\s(?:of\s(?:the|these|those|them|whom|which|our|his|her|its|their|my|(?-i:[A-Z])[\w-]+['’]s?)|are|were|have|had)\b"
)
_ONES = frozenset({
    "person", "man", "woman", "child", "boy", "girl", "soldier", "officer", "policeman", "civilian", "passenger",
    "protester", "patient", "student", "victim", "death", "case", "vote", "goal", "hour", "minute", "month", "year",
    "week", "mile", "kilometre", "kilometer", "metre", "meter", "ton", "tonne", "pound", "dollar", "euro", "kid",
    "teen", "teenager", "suspect", "gunman", "shooter", "shot", "gunshot",
})  # fmt: skip
"""What "one" and "zero" count: in "one day", "one point", "zero shame" they count nothing."""
# "No. 10", "Article 50", "Group of 20": a number that is a name.
_NUMBERING = (
    r"nos?\.?|numbers?|articles?|sections?|chapters?|pages?|rules?|routes?|rooms?|gates?|group\sof|channel|interstate|"
    r"highway|flight|phase|volume|part|grade|level|type|model"
)
_NUMBERED = re.compile(rf"(?:#|\b(?a:{_NUMBERING})\s?)$", re.IGNORECASE)
_CAPITAL = re.compile(r"(?<![.!?…:\"“‘'(\n])[ ](?P<name>[A-Z][^\W\d_][\w’'-]*)\s$")
# "Ann Lee, 34; Tom Reed, 8."
_AGED = re.compile(r"[A-Z][\w’'.-]*,\s$")
_STREET = re.compile(
    r"(?:\s[\w.]+){1,4}?\s?\b(?:street|st|avenue|ave|road|rd|place|lane|drive|boulevard|blvd|square|terrace|highway)\b",
    re.IGNORECASE,
)
_OUT_OF = re.compile(rf"\s+(?:(?:out\s+)?of|in)\s+(?:the\s+|every\s+)?(?:\d|(?a:{_SMALL})\b)", re.IGNORECASE)
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

    A share ("two-thirds") is a value below 1 without a unit; a range ("7–10%") is two quantities, the least (``>=``)
    and the most (``<=``). Years, days of a month, times, ages, addresses, telephone numbers and
    numbers inside names (``T-72``, ``No 10``) are not quantities.
    """
    return tuple(quantity for start, end in spans for quantity in _in_span(text, start, end))


def _in_span(text: str, start: int, end: int) -> Iterator[Quantity]:
    position = start
    uncounted = [match.span() for match in _UNCOUNTED.finditer(text, start, end)]
    while (match := _QUANTITY.search(text, position, end)) is not None:
        position = match.end()
        if any(first < position and match.start() < last for first, last in uncounted):
            continue
        most = _most(text, match, end)
        if most is not None and (least := _quantity(text, match, end, most)) is not None:
            yield from (least, most)
            position = most.end
            continue
        quantity = _quantity(text, match, end)
        if quantity is not None:
            yield quantity


def _most(text: str, match: re.Match[str], end: int) -> Quantity | None:
    """The end of a range that begins with a match: not in "a 2-4 defeat", which counts nothing."""
    to = _RANGE.match(text, match.end(), end) if match["digits"] or match["word"] else None
    if to is None or (to["and"] and not text.endswith("etween ", 0, match.start())):
        return None
    second = _MOST.match(text, to.end(), end)
    if second is None or second["how"] or not (second["digits"] or second["word"]):
        return None
    if to["dash"] and not (second["percent"] or second["scale"] or second["currency"]):
        following = _COUNTED.match(text, second.end(), end)
        if following is None or not _is_plural(following.group().split()[0]):
            return None
    most = _quantity(text, second, end)
    return msgspec.structs.replace(most, comparator="<=") if most else None


def _quantity(text: str, match: re.Match[str], end: int, most: Quantity | None = None) -> Quantity | None:
    """The quantity of a match; where ``most`` is given it is the least of a range, and has its unit."""
    digits, word, currency, percent = match["digits"], match["word"], match["currency"], match["percent"]
    how = " ".join((match["how"] or "").lower().split())
    value = _value(match)
    first = match.start("digits") if digits else match.start()
    measured = _MEASURED.match(text, match.end(), end) if digits or word else None
    if digits and not measured and _is_name(text, first, match.end("digits"), match["scale"] or currency or percent):
        return None
    comparator: Comparator = _COMPARATORS[how] if how else ("=" if value is not None else "~")
    if most is not None:
        scaled = value is not None and most.value is not None and not match["scale"] and value < most.value < 10**6
        if match["scale"] or currency:
            scaled = scaled or (value is not None and most.value is not None and value < most.value)
            unit = _CURRENCIES[currency.upper()] if currency else most.unit
            return Quantity(match.start(), match.end(), value, unit, ">=") if scaled and unit == most.unit else None
        if not scaled:
            return None
        return Quantity(match.start(), match.end(), value, most.unit, ">=")
    if measured:
        return Quantity(match.start(), measured.end(), value, measured["unit"].lower(), comparator)
    after = text[match.end() : match.end() + 1]
    joined = _JOINED.match(text, match.end(), end) if digits else None
    if joined:
        return Quantity(match.start(), joined.end(), value, joined.group().lower(), comparator)
    if after in ("-", "–") or (digits and after.isalpha()):
        return None
    if match["share"]:
        return Quantity(match.start(), match.end(), value, None, comparator) if _is_share(text, match) else None
    if word and word.lower() == "twice":
        return Quantity(match.start(), match.end(), value, "time", comparator)
    unit = _unit(text, match.end(), end, plural=value != 1)
    if currency:
        unit = _CURRENCIES[currency.upper()]
    elif percent:
        unit = "percentage point" if "point" in percent else "percent"
    elif digits and not match["scale"]:
        if _is_date(text, match, unit):
            return None
    elif word and not match["scale"] and not _counts(text, match, end, unit):
        return None
    return Quantity(match.start(), match.end(), value, unit, comparator)


def _value(match: re.Match[str]) -> float | None:
    """The number that is written; None for "dozens of", "several hundred"."""
    value: float | None = None
    if match["digits"]:
        value = float(match["digits"].replace(",", ""))
    elif match["share"]:
        parts = match["parts"]
        value = _SHARES[match["part"].lower()] * (_WORDS[parts.lower()] if parts else 1)
    elif match["round"]:
        value = 1.0 if match["round"].lower().startswith(("a ", "an ")) and len(match["round"]) < 4 else None
    elif match["dozen"]:
        value = 6.0 if match["halved"] else 12.0
    elif match["word"]:
        value = float(sum(_WORDS[part] for part in match["word"].lower().split("-")))
    return value * _SCALES[" ".join(match["scale"].lower().split())] if value is not None and match["scale"] else value


def _is_share(text: str, match: re.Match[str]) -> bool:
    """ "Half of them", "a third of voters", "two-thirds", "half the size": not "the third time", "a half-hearted"."""
    if match["parts"] or match["percent"]:
        return match["part"].lower() != "half"
    if match["part"].lower() == "half":
        return re.match(r"\s(?:of|the|an?|its|their|as)\b", text[match.end() : match.end() + 8]) is not None
    return match["share"].lower().startswith(("a ", "an ")) and text[match.end() : match.end() + 4] == " of "


def _is_name(text: str, start: int, end: int, measured: str | None) -> bool:
    """Whether figures are a number by which something is called, an age or an address."""
    if measured:
        return False
    before, after = text[max(0, start - 30) : start], text[end : end + 40]
    plain = "," not in text[start:end] and "." not in text[start:end]
    if _NUMBERED.search(before):
        return True
    named = _CAPITAL.search(before)
    if plain and named is not None and named["name"].lower() not in _NO_UNIT | _MONTHS:
        # "Boeing 737", "Hollman 31, of Hope"
        following = after.split(maxsplit=1)
        counted = bool(following) and _is_plural(following[0])
        return not counted or re.search(r"\b(?:an?|the|its|their|his|her|this)\s\w+\s$", before) is not None
    if plain and float(text[start:end]) < 120 and _AGED.search(before) and after[:1] in {",", ";", ".", "—", "–"}:
        return True
    return plain and _STREET.match(after) is not None and re.search(r"\b(?:at|of|on|in|near|to)\s$", before) is not None


def _is_date(text: str, match: re.Match[str], unit: str | None) -> bool:
    """Whether figures are a year or a day of a month."""
    digits = match["digits"]
    before = text[max(0, match.start("digits") - 12) : match.start("digits")].lower().split()
    after = text[match.end() : match.end() + 12].lower().split()
    if (before and before[-1].strip(".(") in _MONTHS) or (after and after[0].strip(".,") in _MONTHS):
        return True
    if "," in digits or "." in digits or not 1000 <= float(digits) <= 2100:
        return False
    if unit is None or (before and before[-1] in {"in", "since", "by", "until", "from", "of", "and"}):
        return True
    return float(digits) > 1900 and float(digits) % 100 != 0 and not match["how"]


def _counts(text: str, match: re.Match[str], end: int, unit: str | None) -> bool:
    """Whether a number in words counts something: not in "one of them", "the two", "the “Three Amigos”"."""
    if _OUT_OF.match(text, match.end(), end):
        return True
    if _value(match) in (0, 1):
        return unit in _ONES or (bool(match["how"]) and unit is not None)
    if _NAMED_BEFORE.match(text, match.end(), end):
        return True
    if unit is None:
        return False
    before, after = (
        text[max(0, match.start() - 12) : match.start()].rstrip("\"“‘' "),
        text[match.end() : match.end() + 2],
    )
    named = match["word"][:1].isupper() and after[1:].isupper()
    return not (named and before[-1:].isalpha())


def _is_plural(word: str) -> bool:
    word = word.strip(".,;:\"”’'")
    return word.lower() in _IRREGULAR or (word.endswith("s") and not word.endswith(("ss", "us", "is", "'s", "’s")))


def _unit(text: str, start: int, end: int, plural: bool) -> str | None:
    """The noun that is counted: the next word, or the first plural behind up to three adjectives."""
    size = _SIZE.match(text, start, end)
    match = _COUNTED.match(text, size.end() if size else start, end)
    if match is None:
        return None
    following = match.group().split()
    kept: list[str] = []
    for word in (word.strip("\"“‘’'") for word in following):
        if word.lower() in _NO_UNIT:
            break
        kept.append(word)
    if not kept:
        return None
    if plural and kept[0].lower() not in _MEASURES:
        for word in kept:
            if _is_plural(word):
                return singular(word)
        return singular(kept[0]) if len(kept) == 1 else None
    return singular(kept[0])

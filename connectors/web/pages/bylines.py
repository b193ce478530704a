"""Bylines: the names of the people in them, apart from what else stands there."""

from __future__ import annotations

import re
from collections.abc import Iterable

from claimwire.connectors.web.pages.agencies import agency_named

_LONGEST = 500
_MOST_AUTHORS = 30

_LEAD = re.compile(
    r"(?:(?:(?:written|posted|published|created|reported|edited|compiled|submitted|reviewed|story|words|text|article|"
    r"report|analysis|opinion|photos?|review|guest post|contributed)\s+)?by\b|by\s*:|authors?\s*:|author\s+name\s*:|"
    r"author\s+(?=\S+\s+\S)|(?:publi[eé]\s+)?par\s|(?:escrito |publicado )?por\s|(?:geschrieben )?von\s+(?=\S+\s+\S)|"
    r"a cura di\s|scritto da\s|text\s*:|text(?:e)? de\s|автор\s*:|door\s+(?=\S+\s+\S)|skrevet av\s|"
    r"av\s+(?=\S+\s+\S))\s*[:\-–]?\s*",
    re.IGNORECASE,
)
# "Courier Staff", "Times Editorial": a byline without a person. A desk or team with a name of its own is kept.
_STAFF = re.compile(
    r"\b(?:staff|editorial|newsroom|staff\s+(?:writer|reporter)s?|newsdesk|wire\s+services?)$", re.IGNORECASE
)
_BETWEEN = re.compile(
    r"\s*(?:[;|•·\n\t]|\s[-–—/]\s|(?<=[^\W\d_])/(?=[^\W\d_])|&|\bwith\b(?=\s[A-Z])|"
    r"\b(?:and|AND|und|UND|et|en|og|och|ja)\b(?=\s+\S)|(?<=\s)[yei](?=\s))\s*"
)
_ADDRESS = re.compile(
    r"\S*(?:https?://|www\.|@)\S*|\bfollow\b.*|\(?\b(?:updated?|published|posted|on)\b:?\s+\S*\d.*", re.I
)
_SITE = re.compile(r"[\w-]{3,}(?:\.[\w-]+)*\.(?:[a-z]{2,4}|[A-Z]{2,4})")
_PICTURE = re.compile(
    r"(?:photos?|foto|фото|bild|image|illustrations?|video|grafik)\b(?:\s+(?:by|von|de))?\s*[:/]", re.I
)
_PARENTHESES = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]")
_SUFFIX = re.compile(r"(?:jr|sr|ii|iii|iv)\.?", re.IGNORECASE)
# "MD", "Ph.D.", "CEPF®", "E-RYT 200", "M.D. FACLM": after a comma they belong to the name before it.
_CREDENTIALS = re.compile(
    r"(?:(?:[A-Z][A-Za-z]{0,2}\.){1,4}[A-Z]?|[A-Z]{2,8}|[A-Z]-[A-Z]{2,6}|Ph\.?\s?D\.?|MSc|BSc|MPhil|DPhil|LCSW-?\w*|PharmD)"
    r"[®™]?(?:[\s/-]+(?:[A-Z]{2,8}|\d{1,4})[®™]?)*"
)
_ROLE = re.compile(
    r"\b(?:editors?|reporters?|correspondents?|writers?|staff|contributors?|columnists?|journalists?|producers?|"
    r"photographers?|bureau|chief|director|manager|president|chair(?:wo)?m[ae]n|founder|co-?founder|ceo|cto|cfo|officer|"
    r"professor|lecturer|fellow|analyst|expert|specialist|strategist|consultant|author|blogger|intern|freelance\w*|"
    r"special to|for the|head of|senior|associate|assistant|executive|managing|contributing|representative|"
    r"dietitian|nutritionist|therapist|attorney|lawyer|engineer|scientist|researcher|owner|partner|host|anchor|"
    r"redakteur\w*|redaktion|redaktor|korrespondent\w*|redacci[oó]n|redator|redattore|redazione|r[ée]daction|"
    r"r[ée]dacteur|journaliste|corrispondente|corresponsal|university|institute|college|school|department|center|"
    r"centre|agency|news|newspapers?|media|magazine|tv|radio|press|times|gazette|tribune|herald|today|network|online|"
    r"post|insider|chronicle|journal|observer|guardian|globe|examiner|bbc|cnn|broadcasting)\b|^the\s",
    re.IGNORECASE,
)
_NOBODY = re.compile(
    r"(?:(?:the|our|by|de|la|web|online|digital|news|staff|site|guest|senior|local|sports?|national|special|"
    r"editorial|agency|agencies|wire|tn|post)\s+)*"
    r"(?:admin\w{0,3}|administrator|administrador|\w+_admin|"
    r"staff(?:\s+(?:writers?|reporters?|editors?|reports?|correspondents?|contributors?|author|"
    r"and agenc\w+|clinician))?|reporters?|writers?|editors?|correspondents?|contributors?|authors?|"
    r"editorial(?:\s+(?:team|staff|board|desk))?|editorial|newsroom|news\s*desk|news\s*staff|web\s*desk|desk|bureau|team|"
    r"webmaster|webteam|web\s*team|root|user|users|guest|anonymous|unknown|undefined|null|none|n/?a|redaktion|redaktionen|"
    r"redacci[oó]n|reda[cç][aã]o|redazione|la r[ée]daction|r[ée]daction|redactie|redakcja|redakce|редакция|редакція|"
    r"author name|wires?|wire\s+(?:reports?|services?)|wires? reports?|news services?|news service reports?|"
    r"agencies|agency|press release|sponsored(?:\s+content)?|default|test|default author|super\s*user|"
    r"from (?:staff|wire|news) .*|share|email|facebook|twitter|view all posts?|more from .*|see all .*|read more.*)",
    re.IGNORECASE,
)


def people(given: Iterable[str], nobody: Iterable[str | None] = ()) -> tuple[tuple[str, ...], str | None]:
    """The names in bylines, and the agency among them.

    Args:
        given: bylines, or names that stand alone.
        nobody: names that are no author here, such as that of the outlet.

    Returns:
        Each name once, as it is written, in their order, without what introduces it, addresses, roles, degrees and
        "staff"; and the canonical name of the first news agency that is credited.
    """
    names: dict[str, str] = {}
    agency = None
    others = {other.casefold() for other in nobody if other}
    for byline in given:
        for part in _parts(byline):
            if found := agency_named(part):
                agency = agency or found
            elif part.casefold() not in others and _is_name(part):
                names.setdefault(part.casefold(), part)
    return tuple(names.values())[:_MOST_AUTHORS], agency


def _parts(byline: str) -> list[str]:
    """What stands between the separators of a byline, roles and degrees left out."""
    byline = byline[:_LONGEST].strip()
    if agency_named(byline):
        return [byline]
    # What stands in parentheses is an agency, an outlet or a nickname, and never a second person.
    aside = [inner for inner in _PARENTHESES.findall(byline) if agency_named(inner)]
    byline = _PARENTHESES.sub("", byline)
    byline = _ADDRESS.sub("", byline).strip()
    while lead := _LEAD.match(byline):
        byline = byline[lead.end() :]
    parts: list[str] = []
    for piece in _BETWEEN.split(byline):
        if _PICTURE.match(piece):
            continue
        if agency_named(piece):
            parts.append(piece)
            continue
        listed = [_tidy(each) for each in re.split(r"\s*,\s*(?:and\s+)?", piece) if each.strip()]
        if len(listed) == 2 and _is_surname_first(*listed):
            listed = [f"{listed[1]} {listed[0]}"]
        for at, each in enumerate(listed):
            if at and _SUFFIX.fullmatch(each) and parts:
                parts[-1] += f", {each}"
            elif not agency_named(each) and (
                (at and _CREDENTIALS.fullmatch(each)) or (_ROLE.search(each) and (at or parts))
            ):
                continue
            else:
                parts.append(each)
    return parts + aside


def _is_surname_first(surname: str, given: str) -> bool:
    """Whether two parts are one name, as in "Roe, Jane T."; "Jane, Mary" are two people."""
    return bool(
        re.fullmatch(r"[^\W\d_][\w'’-]+", surname)
        and re.fullmatch(r"[^\W\d_][\w'’-]+(?:\s[A-Z]\.?)+|(?:[A-Z]\.\s?)+", given)
        and not agency_named(surname)
    )


_ABBREVIATED = re.compile(r"\b(?:[^\W\d_]|[JS]r|[MP]h?\.?D)\.$")


def _tidy(name: str) -> str:
    name = " ".join(name.split()).strip(" ,:;*•|/\\\"'“”‘’_-–—®™")
    if not _ABBREVIATED.search(name):
        name = name.rstrip(".")
    while lead := _LEAD.match(name):
        name = name[lead.end() :]
    return name


def _is_name(part: str) -> bool:
    """Whether a part of a byline can be the name of somebody."""
    words = part.split()
    if not 2 <= len(part) <= 60 or not 1 <= len(words) <= 6 or not any(map(str.isalpha, part)):
        return False
    if any(map(str.isdigit, part)) and (len(words) > 1 or sum(map(str.isdigit, part)) > 4):
        return False
    return not (_NOBODY.fullmatch(part) or _SITE.fullmatch(part) or _STAFF.search(part))

"""Phrases by which a block is no part of an article, wherever it stands."""

from __future__ import annotations

import re

from claimwire.connectors.web.pages.blocks import ANCESTORS, Block

# Whole blocks. Each is what sites write around articles, not what an article says: short, and of a fixed form.
_WHOLE = re.compile(
    r"""
      the\ post\ .{1,300}\ (?:first\ )?appeared\ (?:first\ )?on\ .{1,100}
    | (?:©|\(c\)\ |copyright\ (?:©|\(c\)|\d{4})).{0,200}
    | .{0,80}\ball\ rights\ reserved\b.{0,120}
    | (?:read|see|watch|learn|find\ out)\ (?:more|also|next|full\ story|the\ full\ (?:story|article))\b\W.{0,150}
    | (?:also\ read|read\ this|related(?:\ (?:articles?|stor(?:y|ies)|coverage|posts?|content|links?|topics?))?
        |recommended|must[\ -]read|don[’']t\ miss|more\ on\ this)\s*[:|-].{0,150}
    | <\w+\ [^<>]*>
    | (?:you\ may\ also\ like|you\ might\ (?:also\ )?(?:like|be\ interested\ in)|more|also|explore\ further|up\ next
        |trending(?:\ now)?|top\ stories|latest\ news|sharing\ is\ caring|continue\ reading\ below
        |thanks?\ (?:you\ )?for\ (?:signing\ up|subscribing)|(?:photo\ )?gallery|see\ all|about\ the\ authors?
        |recommended(?:\ for\ you)?|what\ to\ read\ next|more\ (?:stories|news)|share\ this:?|like\ this)[\s:.!…]*
    | (?:read\ more|continue\ reading|keep\ reading|view\ more|show\ more|load\ more|see\ more|learn\ more|see\ also)\W*
    | (?:advertisement|sponsored(?:\ content)?|ad|loading|close|share|print|comments?|tweet|email|save|copy\ link
        |article\ continues\ (?:below|after)\b.{0,60}|story\ continues\ (?:below|after)\b.{0,60}
        |scroll\ (?:down\ )?to\ continue\b.{0,60}|skip\ advert\w*|skip\ to\b.{0,60})\W*
    | (?:listen|watch)\s*(?:to\ this\ (?:article|story|page)|now|live|here|:)?\W*(?:\d+\s*min\w*\W*)?
    | listen\ to\ this\ (?:article|story)\b.{0,80}
    | (?:estimated\ )?(?:reading\ time\W*)?\d+\W?min(?:ute)?s?\.?\ (?:read|listen|watch)\W*
    | (?:sign\ up|subscribe|register|join)\b.{0,100}
        \b(?:newsletters?|updates|inbox|alerts|mailing\ list|channel)\b.{0,150}
    | (?:follow|like|find)\ (?:us|me|him|her|them)\ on\b.{0,120}
    | follow\ [^.]{1,60}\ on
        \ (?:twitter|x|facebook|instagram|threads|bluesky|tiktok|linkedin|youtube|google\ news)\b.{0,80}
    | (?:download|get)\ (?:the|our)\ [^.]{0,40}\bapps?\b.{0,80}
    | (?:file\ )?(?:photo(?:graph)?s?|image|picture|pic|illustration|video)s?\s*
        (?:credits?|courtesy(?:\ of)?|source|by|via|copyright)\s*[:/|]?\s.{0,100}
    | (?:photo(?:graph)?s?|image|picture|credits?|image\ source|photo\ illustration)s?\s*[:/|].{0,120}
    | \((?:photo|image|picture|video|ap\ photo|reuters)s?\b[^)]{0,20}[/:]?\ ?(?:by\ )?[^)]{0,80}\)
    | [^.]{0,60}(?:/|\bvia\ )\s?(?:getty(?:\ images)?|afp|reuters|shutterstock|istock|alamy|epa|ap|unsplash|pexels)\W*
    | (?:last\ )?(?:published|updated|posted|modified|first\ published|edited|created)\b(?:\ on|\ at)?
        :?\ [^.]{0,80}\d[^.]{0,40}
    | (?:published|updated|posted)?\W*\d+\ (?:second|minute|min|hour|hr|day|week|month)s?\ ago\W*
    | (?:we|this\ (?:web)?site|our\ (?:web)?site|our\ partners)\b.{0,60}\buses?\ cookies\b.{0,400}
    | by\ (?:continuing|clicking|signing|subscribing|submitting|using|entering)\b.{0,200}
        \b(?:agree|consent|accept|terms)\b.{0,200}
    | (?:enter|submit)\ your\ e-?mail\b.{0,150}
    | (?:click|tap)\ here\b.{0,150}
    | this\ (?:article|story|post)\ (?:was\ )?(?:originally\ |first\ )?(?:appeared|published|written)
        \ (?:in|on|at|by)\b.{0,150}
    | (?:have|do\ you\ have)\ (?:a\ |any\ )?(?:news\ )?(?:tip|story|confidential)\b.{0,200}
    | (?:follow|see|read|find)\ [^.]{1,60}\b(?:coverage|reporting|stories)\b[^.]{0,80}\b(?:at|on|here)\b.{0,120}
    | (?:contact|reach|e-?mail|write\ to)\ .{1,100}\S@\S+\.\w.{0,100}
    | (?:for\ (?:more|further)\ (?:information|details)|to\ learn\ more)\b.{0,60}(?:\bvisit|click|https?:).{0,150}
    | (?:become\ a|upgrade\ to)\b.{0,30}\b(?:subscriber|member)\b.{0,200}
    | listen\ to\ .{1,40}\b(?:live|podcasts?)\b.{0,100}
    | related(?:\ (?:articles?|stor(?:y|ies)|coverage|posts?|content|links?|topics?|news|information|videos?))?\W*
    | this\ (?:article|story|content|post|series|report)\ (?:about\ .{1,80}\ )?(?:was|is|has\ been)
        \ (?:\w+\ |(?:written|reported)\ by\ .{1,80}\ and\ )?
        (?:produced|developed|created|paid|sponsored|supported|funded|made\ possible|brought\ to\ you|part\ of)
        \b.{0,300}
    | \(?(?:(?:some|most|all)\ of\ )?(?:this|the|our|we|as\ an?|purchases?|products?|by\ using)\b.{0,120}
        \b(?:affiliate\ links?|earn\b.{0,60}\bcommissions?|earn\ from\ qualifying)\b.{0,250}
    | (?:this\ (?:slideshow|video|page|site)\ requires|please\ enable|you\ need\ to\ enable)\ javascript\b.{0,150}
    | your\ browser\ (?:does\ not|doesn[’']t|is\ not)\b.{0,150}
    | (?:loading|working)\b.{0,20}(?:\.\.\.|…) | embed\W* | \[[A-Z_]{3,40}\]
    | (?:on\ this\ page|jump\ to|table\ of\ contents|view\ all|book\ now|don[’']t\ miss|read\ also|also\ read
        |most\ (?:read|popular)|editor[’']s\ picks?|in\ pictures)[\s:.!…]*
    | (?:(?:\d[\d,.]*[km]?|no|one)\s
        (?:comments?|shares?|likes?|views?|reactions?|replies|retweets?|followers?)[\s|·•,]*)+
    | (?:leia\ (?:também|mais)|lee\ también|leggi\ anche|(?:à\ )?lire\ aussi|lesen\ sie\ auch|mehr\ zum\ thema
        |lees\ ook|czytaj\ (?:też|także|więcej)|читайте\ также|baca\ juga|läs\ också|les\ også)\b\s*[:|-]?.{0,150}
    | (?:tags?|topics?|filed\ under|categor(?:y|ies)|share\ this(?:\ (?:article|story|post))?
        |in\ this\ (?:article|story))\s*(?::.{0,200})?
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# Captions by the credit at their end: "... in January. Photograph: Ada Quill/Wire", "... (AP Photo/Ada Quill)".
_CAPTION_END = re.compile(
    r"""
      (?:^|[\s.—–|(-])(?:photo(?:graph)?|foto|picture|image|illustration|bild|фото)s?\ ?(?:credit|by|courtesy)?
        \ ?[:/]\ ?[^.:]{2,70}\)?\.?$
    | [(\[][^()\[\]]{0,70}
        (?:\bphoto\b\ ?/|photo\ (?:by|via)\ (?-i:[A-Z])|/\ ?(?:getty|afp|reuters|epa|ap)\b|getty\ images
        |\bvia\ (?:ap|reuters|afp|getty)\b)[^()\[\]]{0,70}[)\]]\W{0,3}$
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LONGEST_CREDIT = 160
# What a reader is asked to do, wherever in a block it stands.
_CALL = re.compile(
    r"""
      (?:^|[.?!]\ )(?:sign\ up|subscribe|register)\b.{0,80}\b(?:newsletters?|inbox)\b
    | \bnewsletters?\b.{0,200}[.?!]\ (?:sign\ up|subscribe)\b
    | (?:^|[.?!]\ )follow\ (?:us|me|him|her|them)\ on
        \ (?:twitter|x|facebook|instagram|threads|bluesky|linkedin|tiktok)\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CALLED = ("newsletter", "inbox", "follow ")
_MONTHS = frozenset(
    (
        *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
        *("november", "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
    )
)
_DATE_WORDS = _MONTHS.union(
    ("at", "on", "of", "the", "de", "am", "pm", "gmt", "utc", "est", "edt", "pst", "pdt", "bst", "cet", "ist", "et"),
    ("updated", "published", "posted", "last", "first", "monday", "tuesday", "wednesday", "thursday", "friday"),
    ("saturday", "sunday", "mon", "tue", "tues", "wed", "thu", "thur", "thurs", "fri", "sat", "sun"),
)
_MOST_DATE_WORDS = 14
# No word can be split in two ways, so that the time is linear.
_WORD = r"(?:[A-Z][\w.’'-]*|and|of|the|for|de|van|von|der|&)"
_BYLINE = re.compile(
    r"(?i:(?:(?:(?:additional\s)?report(?:ing|ed)|written|writing|reviewed|edit(?:ing|ed)|story|text|words|posted|"
    r"published)\s)?by):?\s"
    rf"{_WORD}(?:(?:,\s?|\s[&|•·-]\s|\s){_WORD}){{0,11}}"
    r"(?:[\s,|•·-]{1,3}(?:\d.{0,40}|(?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|staff).{0,40}|@\w+))?"
)
# "Ada Quill/The Oldport Wire", "Ada Quill for The Oldport Wire": who made a picture, and for whom.
_NAME = r"[A-Z][\w.’'-]+(?:\s[A-Z][\w.’'-]*){1,2}"
_CREDIT = re.compile(
    rf"{_NAME}\s?/\s?(?:The\s)?[A-Z][\w.&’'-]*(?:\s[A-Z][\w.&’'-]*){{0,3}}(?:;[^.]{{0,200}})?"
    rf"|{_NAME}\sfor\s(?:[A-Z][\w’'-]*\s){{0,3}}"
    r"(?:Magazine|Times|Post|News|Press|Images|Journal|Tribune|Herald|Guardian|Wire|Reuters|AFP|AP)"
)
_CREDITED = frozenset(("p", "div", "figure"))
_SUBHEADS = frozenset(("h2", "h3", "h4", "h5", "h6"))  # "By the numbers"
_BUTTONS = re.compile(
    r"(?:(?:facebook|twitter|x|reddit|whats ?app|telegram|pinterest|linked ?in|flipboard|messenger|e-?mail|print|"
    r"copy(?: link)?)[\s|·•,/]*)+",
    re.IGNORECASE,
)
_NO_BUTTONS = _SUBHEADS | {"td", "th"}
_EDGES = "[]*»›>•·–—- "
_LONGEST = 600


# The class of a caption, and not a word of a style sheet that only mentions one ("[&>figcaption]:mt-2").
_CAPTION_CLASS = re.compile(r"(?<!\S)(?!(?:has|with|no)[-_])[\w-]*caption[\w-]*(?!\S)", re.IGNORECASE)
_QUOTE_CLASS = re.compile(r"quote|testimonial", re.IGNORECASE)
_IN_FIGURE = 1 << ANCESTORS.index("figure")
_IN_TEXT = sum(1 << ANCESTORS.index(name) for name in ("blockquote", "pre", "table"))


def _is_caption(block: Block) -> bool:
    """Whether a block stands where captions do."""
    if block.tag == "figcaption":
        return True
    _, own, above = block.look
    if any("caption" in names.lower() and _CAPTION_CLASS.search(names) for names in (own, above)):
        return True
    in_figure = block.within & _IN_FIGURE and not block.within & _IN_TEXT and block.tag in _CREDITED
    return bool(in_figure) and not _QUOTE_CLASS.search(own + above)


def is_boilerplate(block: Block) -> bool:
    """Whether a block is a caption, or a phrase that sites put around an article."""
    text = block.text
    if len(text) > _LONGEST:
        return block.tag == "figcaption"
    if _is_caption(block):
        return True
    bare = text.strip(_EDGES)
    if _WHOLE.fullmatch(text) or (bare != text and _WHOLE.fullmatch(bare)):
        return True
    lower = text.lower()
    if any(word in lower for word in _CALLED) and _CALL.search(text):
        return True
    if block.tag in _CREDITED and (_CREDIT.fullmatch(text) or _CAPTION_END.search(text[-_LONGEST_CREDIT:])):
        return True
    if len(text) < 120 and block.tag not in _NO_BUTTONS and _BUTTONS.fullmatch(text):
        return True
    if block.tag not in _SUBHEADS and _is_date(block):
        return True
    return len(text) < 120 and block.tag not in _SUBHEADS and _BYLINE.fullmatch(text) is not None


def _is_date(block: Block) -> bool:
    """Whether a block is a date, with or without a time of day, and nothing else."""
    if len(block.tokens) > _MOST_DATE_WORDS:
        return False
    words = [token.casefold() for token in block.tokens]
    numbers = sum(word[0].isdigit() for word in words)
    return (
        numbers >= 2
        and any(word in _MONTHS for word in words)
        and all(word[0].isdigit() or word in _DATE_WORDS for word in words)
    )

"""Phrases by which a block is no part of an article, wherever it stands."""

from __future__ import annotations

import re

from claimwire.connectors.web.pages.blocks import Block

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
    | (?:tags?|topics?|filed\ under|categor(?:y|ies)|share\ this(?:\ (?:article|story|post))?
        |in\ this\ (?:article|story))\s*(?::.{0,200})?
    """,
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
# No word can be split in two ways, so that the time is linear.
_WORD = r"(?:[A-Z][\w.’'-]*|and|of|the|for|de|van|von|der|&)"
_BYLINE = re.compile(
    r"(?i:(?:(?:written|reported|reviewed|edited|story|text|words|posted|published)\s)?by):?\s"
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
_EDGES = "[]*»›>•·–—- "
_LONGEST = 600


def is_boilerplate(block: Block) -> bool:
    """Whether a block is a caption, or a phrase that sites put around an article."""
    text = block.text
    if block.tag == "figcaption":
        return True
    if len(text) > _LONGEST:
        return False
    if _WHOLE.fullmatch(text) or _WHOLE.fullmatch(text.strip(_EDGES)):
        return True
    if block.tag in _CREDITED and _CREDIT.fullmatch(text):
        return True
    return len(text) < 120 and block.tag not in _SUBHEADS and _BYLINE.fullmatch(text) is not None

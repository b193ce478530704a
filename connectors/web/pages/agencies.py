"""News agencies and picture agencies by the names that credits have, and how texts are credited to them.

The one list of them: what looks for credits in a text has it from here as well (``pipelines.extract.credits``).
"""

from __future__ import annotations

import re

# The canonical name, and how bylines and datelines write it. Case counts: "ap" and "sid" are words and names.
_AGENCIES: dict[str, tuple[str, ...]] = {
    "AP": ("AP", "A.P.", "Associated Press", "The Associated Press", "ASSOCIATED PRESS", "THE ASSOCIATED PRESS"),
    "Reuters": ("Reuters", "REUTERS", "Thomson Reuters", "Reuters News", "Reuters News Agency"),
    "AFP": ("AFP", "Agence France-Presse", "Agence France Presse", "AFP News", "AFP Relaxnews"),
    "dpa": ("dpa", "DPA", "Deutsche Presse-Agentur", "dpa-infocom", "dpa-AFX"),
    "PA Media": ("PA", "PA Media", "Press Association", "PA News Agency", "PA news agency"),
    "ANSA": ("ANSA", "Ansa", "Redazione ANSA", "Redazione Ansa"),
    "EFE": ("EFE", "Efe", "Agencia EFE", "Agencia Efe"),
    "Europa Press": ("Europa Press", "EUROPA PRESS"),
    "UPI": ("UPI", "United Press International"),
    "Bloomberg": ("Bloomberg", "BLOOMBERG", "Bloomberg News"),
    "Xinhua": ("Xinhua", "XINHUA", "Xinhua News Agency", "新华社", "新華社"),
    "TASS": ("TASS", "ITAR-TASS", "ТАСС"),
    "RIA Novosti": ("RIA Novosti", "РИА Новости"),
    "Interfax": ("Interfax", "Интерфакс"),
    "Interfax-Ukraine": ("Interfax-Ukraine", "Інтерфакс-Україна"),
    "Ukrinform": ("Ukrinform", "Укрінформ"),
    "Kyodo": ("Kyodo", "KYODO", "Kyodo News", "共同通信", "共同通信社"),
    "Jiji Press": ("Jiji", "JIJI", "Jiji Press", "時事通信", "時事通信社"),
    "Yonhap": ("Yonhap", "YONHAP", "Yonhap News Agency", "연합뉴스"),
    "PTI": ("PTI", "Press Trust of India"),
    "ANI": ("ANI", "Asian News International"),
    "IANS": ("IANS", "Indo-Asian News Service"),
    "AAP": ("AAP", "Australian Associated Press"),
    "The Canadian Press": ("The Canadian Press", "Canadian Press", "CANADIAN PRESS", "THE CANADIAN PRESS", "CP"),
    "APA": ("APA", "Austria Presse Agentur"),
    "Keystone-SDA": ("SDA", "sda", "Keystone-SDA", "Keystone-ATS", "ATS"),
    "Belga": ("Belga", "BELGA"),
    "ANP": ("ANP",),
    "TT": ("TT", "TT Nyhetsbyrån"),
    "NTB": ("NTB", "©NTB"),
    "Ritzau": ("Ritzau", "ritzau", "/ritzau/"),
    "STT": ("STT",),
    "Lusa": ("Lusa", "LUSA", "Agência Lusa"),
    "Agerpres": ("Agerpres", "AGERPRES"),
    "Mediafax": ("Mediafax", "MEDIAFAX"),
    "PAP": ("PAP",),
    "ČTK": ("ČTK", "CTK"),
    "TASR": ("TASR",),
    "MTI": ("MTI",),
    "Hina": ("Hina", "HINA"),
    "Tanjug": ("Tanjug", "TANJUG"),
    "FENA": ("FENA", "Fena"),
    "BTA": ("BTA", "БТА"),
    "ANA-MPA": ("ANA-MPA", "ΑΠΕ-ΜΠΕ"),
    "Anadolu": ("Anadolu", "Anadolu Agency", "Anadolu Ajansı", "AA"),
    "MENA": ("MENA",),
    "WAM": ("WAM",),
    "KUNA": ("KUNA",),
    "SPA": ("SPA", "Saudi Press Agency"),
    "IRNA": ("IRNA",),
    "Bernama": ("Bernama", "BERNAMA"),
    "Antara": ("Antara", "ANTARA", "ANTARA News"),
    "SID": ("SID", "Sport-Informations-Dienst"),
    "epd": ("epd",),
    "KNA": ("KNA",),
    "Télam": ("Télam", "TELAM", "Telam"),
    "Notimex": ("Notimex", "NOTIMEX"),
    "Agência Brasil": ("Agência Brasil",),
    "Estadão Conteúdo": ("Estadão Conteúdo", "ESTADÃO CONTEÚDO"),
    "Folhapress": ("Folhapress", "FOLHAPRESS"),
    "NAN": ("NAN", "News Agency of Nigeria"),
    "APP": ("APP", "Associated Press of Pakistan"),
    "BSS": ("BSS", "Bangladesh Sangbad Sangstha"),
    "CNN Newsource": ("CNN Newsource", "CNN Wire", "The-CNN-Wire"),
}
# Libraries of pictures, their brands, and what stands in the place of a name in the credit of a picture.
_OF_PICTURES = (
    *("AFP/Getty Images", "Alamy", "CNA", "Corbis", "EPA", "EPA-EFE", "Getty", "GETTY", "Getty Images", "Handout"),
    *("Hulton Archive", "Imago", "iStock", "Keystone", "Magnum Photos", "NurPhoto", "PA Archive", "PA Images"),
    *("PA Wire", "Pexels", "Polaris", "Redux", "Rex", "REX", "Rex Features", "Ritzau Scanpix", "Shutterstock", "Sipa"),
    *("Sipa USA", "Splash News", "Sputnik", "SWNS", "Unsplash", "WENN", "WireImage", "ZUMA", "ZUMA Press"),
)
_BY_FORM = {form: name for name, forms in _AGENCIES.items() for form in forms}
_FORMS = "|".join(re.escape(form) for form in sorted(_BY_FORM, key=len, reverse=True))
# Abbreviations that are also words of a text, or other things, are credits only where a byline names nothing else.
_AMBIGUOUS = frozenset(("AA", "SPA", "APP", "CP", "PA"))
_CLEAR = "|".join(re.escape(form) for form in sorted(_BY_FORM, key=len, reverse=True) if form not in _AMBIGUOUS)

CREDITED = frozenset((*_BY_FORM, *_OF_PICTURES)) - (_AMBIGUOUS - {"PA"})
"""Every name of an agency, as credits of pictures and texts write it: case counts. Of those that are also words of a
text only "PA" is among them, which most British pictures have."""

_LINKED = rf"({_CLEAR})(?:\s*[/,+&-]\s*[\w. -]{{2,30}})?"
# "LONDON, March 3 (Reuters) - ", "ROMA (ANSA) - ", "(ANSA) - ROMA, 3 MAR - ", "Berlin (dpa/epd) -", "PARIS, AFP —"
_DATELINE = re.compile(
    rf"[^\n()]{{0,80}}[(\[]\s*{_LINKED}\s*[)\]]\s*(?:[-–—_:.|]|\s[A-Z])"
    rf"|(?:[^\W\d_][^\n()]{{0,60}}[,/]\s*)?({_CLEAR})\s*[-–—]{{1,2}}\s"
)
# The last words: "(Reuters)", "© AFP", "Source: AP", "With inputs from PTI", "dpa" in a line of its own.
_LAST = re.compile(
    rf"(?:[(\[]\s*{_LINKED}\s*[)\]]"
    rf"|(?:©|\(c\)|Copyright|Sources?:|Source\s*[:|]|Fuente:|Fonte:|Quelle:|Bron:|Via|via|–|—|"
    rf"[Ww]ith (?:inputs? |files |reporting |additional reporting )?(?:from|by)(?: the)?)"
    rf"\s*(?:\d{{4}}\s*)?(?:The\s+)?({_FORMS})"
    rf"|(?:^|\n)\s*/?({_FORMS})/?)\s*(?:\d{{4}})?[.\s]*$"
)
_REUTERS_SIGNATURE = re.compile(
    r"\(?(?:Additional r|R)eporting by [^\n]{2,300};\s*(?:[Ww]riting|[Ee]diting|[Cc]ompiled) by "
)
_COPYRIGHT = re.compile(
    rf"(?:©|\(c\)|[Cc]opyright)\s*(?:\d{{4}}\s*,?\s*)?(?:by\s+)?(?:The\s+)?({_FORMS})\b[^\n]{{0,200}}$", re.MULTILINE
)


def agency_named(name: str) -> str | None:
    """The canonical name of the agency that a part of a byline is; None for everything else ("Reuters Institute")."""
    return _BY_FORM.get(name.strip(" .,()[]©"))


def agency_of_text(text: str) -> str | None:
    """The agency that a text is credited to, by its dateline or its last words. Mentions within it do not count."""
    text = text.strip()
    for paragraph in text[:1_500].split("\n", 6)[:6]:
        if (found := _DATELINE.match(paragraph.strip()[:250])) and (form := found[1] or found[2]):
            return _BY_FORM[form]
    end = text[-600:]
    if found := _LAST.search(end):
        return _BY_FORM[next(filter(None, found.groups()))]
    if _REUTERS_SIGNATURE.search(end):
        return "Reuters"
    found = _COPYRIGHT.search(end)
    return _BY_FORM[found[1]] if found else None

"""The text of articles from pages, compared with each library alone.

    python benchmarks/pages.py --data shared/data [--rounds 1]

The rule is that of the article-extraction benchmark (https://github.com/scrapinghub/article-extraction-benchmark):
4-grams of the tokens ``\\w+`` as a multiset, precision and recall of each page, their means over pages, and the F1 of
the means. A page for which nothing was found has no precision. The same run measures each library as it comes, by its
own settings for articles, and the processor time of each page.

The weights (``connectors/web/pages/weights.py``) were learnt from these same pages. What they do on pages that they
have not seen is told by ``python -m training.pagetext --data shared/data --check``, by four-fold cross-validation.

Goals: F1 .97 on aeb_dev and .95 on wcxb_articles_dev, no page over 2 s, 40 pages a second at the median.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import justext
import trafilatura
from report import tell_goal, tell_machine
from resiliparse.extract.html2text import extract_plain_text

from claimwire.connectors.web.pages.text import page_text

GOALS = {"aeb_dev": 0.97, "wcxb_articles_dev": 0.95}
MOST_SECONDS = 2.0
PAGES_PER_SECOND = 40.0

_TOKEN = re.compile(r"\w+")


def by_trafilatura(html: str) -> str:
    """The text that trafilatura finds, without readers' comments."""
    return trafilatura.extract(html, include_comments=False) or ""


def by_resiliparse(html: str) -> str:
    """The text that resiliparse takes for the main content."""
    text: str = extract_plain_text(html, main_content=True, alt_texts=False, list_bullets=False, comments=False)
    return text


def by_justext(html: str) -> str:
    """The paragraphs that jusText takes for content, with its list of English words."""
    try:
        paragraphs = justext.justext(html.encode("utf-8", "replace"), _ENGLISH, encoding="utf-8")
    except ValueError:  # from lxml, for a page without an element
        return ""
    return "\n\n".join(paragraph.text for paragraph in paragraphs if not paragraph.is_boilerplate)


_ENGLISH = justext.get_stoplist("English")
EXTRACTORS: dict[str, Callable[[str], str]] = {
    "claimwire": page_text,
    "trafilatura": by_trafilatura,
    "resiliparse": by_resiliparse,
    "jusText": by_justext,
}


def shingles(text: str) -> Counter[tuple[str, ...]]:
    """The 4-grams of a text; one shorter one where there are fewer tokens."""
    tokens = _TOKEN.findall(text)
    return Counter(tuple(tokens[at : at + 4]) for at in range(max(1, len(tokens) - 3)) if tokens)


def mean_scores(pairs: list[tuple[str, str]]) -> tuple[float, float, float]:
    """Precision, recall and F1 of (gold, found) texts."""
    precisions, recalls = [], []
    for gold, found in pairs:
        wanted, had = shingles(gold), shingles(found)
        right = (wanted & had).total()
        if had:
            precisions.append(right / had.total())
        if wanted:
            recalls.append(right / wanted.total())
    precision, recall = (sum(each) / max(1, len(each)) for each in (precisions, recalls))
    return precision, recall, 2 * precision * recall / max(1e-9, precision + recall)


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--data", type=Path, required=True, help="the folder with pages/*_dev.jsonl.gz")
    arguments.add_argument("--rounds", type=int, default=1, help="rounds of each; the best time of a page counts [1]")
    options = arguments.parse_args()
    tell_machine()
    met = []
    for name, goal in GOALS.items():
        with gzip.open(options.data / "pages" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            pages = [json.loads(line) for line in lines]
        print(f"{name}: {len(pages)} pages, {sum(len(page['html']) for page in pages) / 1e6:.0f} MB")
        for who, extract in EXTRACTORS.items():
            extract(pages[0]["html"])  # what is loaded at the first call
            pairs, seconds = [], []
            for page in pages:
                times = []
                for _ in range(options.rounds):
                    began = time.process_time()
                    text = extract(page["html"])
                    times.append(time.process_time() - began)
                pairs.append((page["text"], text))
                seconds.append(min(times))
            seconds.sort()
            precision, recall, f1 = mean_scores(pairs)
            median, late = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.95)]
            print(
                f"{who:<12} precision {precision:.3f}, recall {recall:.3f}, F1 {f1:.3f}; processor time "
                f"{median * 1e3:.1f} ms median, {late * 1e3:.1f} ms 95%, {seconds[-1] * 1e3:.0f} ms worst; "
                f"{len(seconds) / sum(seconds):.0f} pages/s",
                flush=True,
            )
            if who == "claimwire":
                met.append(tell_goal(f"{name}: F1 in thousandths", f1 * 1000, goal * 1000))
                met.append(tell_goal(f"{name}: worst page in s", seconds[-1], MOST_SECONDS, at_most=True))
                met.append(tell_goal(f"{name}: pages/s at the median", 1 / median, PAGES_PER_SECOND))
    return 0 if all(met) else 1


if __name__ == "__main__":
    sys.exit(main())

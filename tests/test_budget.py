"""Extraction has a budget of processor time; what exceeds it costs itself, and nobody else."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from signal import SIGPROF

import pytest

from claimwire.pipelines import enrich
from claimwire.pipelines.dedupe.transform import Judged
from claimwire.pipelines.enrich import EnrichBatch, Run
from claimwire.pipelines.extract.budget import OverBudgetError, processor_time
from claimwire.pipelines.normalize.article import normalize
from claimwire.schemas import Article, DeadLetter, EnrichedArticle, RawArticle


def spin(seconds: float) -> None:
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        pass


def test_work_over_its_budget_is_interrupted() -> None:
    with pytest.raises(OverBudgetError, match=r"more than 0 s of processor time"), processor_time(0.05):
        spin(60)


def test_work_within_its_budget_goes_on_and_is_not_interrupted_later() -> None:
    for _ in range(20):
        with processor_time(0.05):
            spin(0.001)
    spin(0.2)


def test_waiting_costs_nothing() -> None:
    with processor_time(0.05):
        time.sleep(0.2)


def test_another_threads_work_does_not_count() -> None:
    other = threading.Thread(target=spin, args=(0.3,))
    with processor_time(0.1):
        other.start()
        other.join()


def test_a_call_that_nothing_can_interrupt_ends_the_process() -> None:
    program = (
        "import re\n"
        "from claimwire.pipelines.extract import budget\n"
        "budget.GRACE_S = 0.2\n"
        "with budget.processor_time(0.2):\n"
        "    re.match('(a+)+$', 'a' * 60 + 'b')\n"
    )
    assert subprocess.run([sys.executable, "-c", program], timeout=120, check=False).returncode == -SIGPROF


def judged(number: int, text: str) -> Judged:
    article: Article = normalize(RawArticle(url=f"https://a.example/{number}", title="T", text=text, language="en"))
    return Judged(article, f"{number:04}", "new", None, ())


def test_an_article_over_its_budget_is_a_dead_letter_and_the_others_of_its_batch_are_extracted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(enrich, "_BUDGET_S", 2.0)
    monkeypatch.setattr(enrich, "_BUDGET_S_PER_CHARACTER", 0.0)
    run = Run("run", "0", datetime(2026, 11, 30, tzinfo=UTC))
    said = "Mayor Ana Verr said on Tuesday that the bridge will stay closed until the spring. "
    batch = [judged(0, said), judged(1, said * 6000), judged(2, said)]
    found = list(EnrichBatch("claims", None, "rules", "statements", "added", run).process(batch))
    records = [element[1] for element in found if isinstance(element, tuple)]
    (letter,) = (element.value for element in found if getattr(element, "tag", "") == "dead_letters")
    assert all(isinstance(record, EnrichedArticle) and record.claims for record in records)
    assert [record.article.url for record in records] == ["https://a.example/0", "https://a.example/2"]
    assert isinstance(letter, DeadLetter)
    assert (letter.stage, letter.error.type, letter.source.url) == ("extract", "OverBudgetError", batch[1].article.url)

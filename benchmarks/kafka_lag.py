"""The time from producing an article to its first claim in the topic, with ``claimwire stream`` on Prism.

    python benchmarks/kafka_lag.py [--articles 300] [--rate 5]

Starts its own broker; needs Prism (`make prepare`). Measures from the broker's timestamp of the record in the source
topic to that of the message in the claims topic. The first articles, which wait for the model to load, are left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from kafka import KafkaProducer
from report import tell_machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from broker import Broker
from corpus import articles
from prepare import prism
from streaming import prism_options, streaming, until

WARM_UP = 20


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--rate", type=float, default=5, help="articles per second")
    arguments = parser.parse_args(argv)
    tell_machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "kafka")
        try:
            lags = measure(broker, folder, str(prism()), arguments.articles, arguments.rate)
        finally:
            broker.stop()
    percentile = statistics.quantiles(lags, n=100)[98]
    print(
        f"{len(lags)} articles at {arguments.rate:g} per second: seconds from article to claim: median "
        f"{statistics.median(lags):.2f}, 99th percentile {percentile:.2f}, maximum {max(lags):.2f}"
    )
    return 0


def measure(broker: Broker, folder: Path, prism: str, count: int, rate: float) -> list[float]:
    """For each article after the first few, the seconds from producing it to its first claim."""
    kinds = ("articles", "claims", "events", "dead-letters")
    broker.create("raw", *(f"news.{kind}" for kind in kinds), message_timestamp_type="LogAppendTime")
    producer = KafkaProducer(bootstrap_servers=broker.address)
    source, sink = (f"kafka://{broker.address}/{name}" for name in ("raw", "news"))
    with streaming(folder, "--source", source, "--sink", sink, *prism_options(prism)) as process:
        records = list(articles(count + WARM_UP, 800, seed=7))
        for number, record in enumerate(records):
            producer.send("raw", json.dumps(record).encode())
            producer.flush()
            if number == WARM_UP - 1:
                until(lambda: len(broker.read("news.articles")) >= WARM_UP, process, 180, "the first articles")
            time.sleep(1 / rate)
        until(lambda: len(broker.read("news.articles")) >= len(records), process, 120, "the last articles")
    produced = {json.loads(record.value)["url"]: record.timestamp for record in broker.read("raw")[WARM_UP:]}
    claimed: dict[str, int] = {}
    for record in broker.read("news.claims"):
        url = json.loads(record.value)["url"]
        claimed[url] = min(record.timestamp, claimed.get(url, record.timestamp))
    return [(claimed[url] - time_ms) / 1000 for url, time_ms in produced.items() if url in claimed]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

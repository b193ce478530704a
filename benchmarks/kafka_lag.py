"""How long after an article was produced its first claim is in the topic, by ``claimwire stream`` on Prism.

    python benchmarks/kafka_lag.py [--articles 300] [--rate 5]

Starts a broker of its own; needs Prism (go install github.com/apache/beam/sdks/v2/go/cmd/prism@v2.77.0). The time is
that from the record's timestamp in the source topic to the message's in the claims topic, both as the broker has them.
The first articles, which wait for the model to be loaded, are left out.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kafka import KafkaProducer
from report import tell_machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from broker import Broker
from corpus import articles
from streaming import prism_options, streaming, until

WARM_UP = 20


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--rate", type=float, default=5, help="articles a second")
    arguments = parser.parse_args(argv)
    go = subprocess.run(["go", "env", "GOPATH"], capture_output=True, text=True, check=True).stdout.strip()
    tell_machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        broker = Broker(folder / "kafka")
        try:
            lags = measure(broker, folder, f"{go}/bin/prism", arguments.articles, arguments.rate)
        finally:
            broker.stop()
    percentile = statistics.quantiles(lags, n=100)[98]
    print(
        f"{len(lags)} articles at {arguments.rate:g} a second: from produce to claim {statistics.median(lags):.2f} s "
        f"at the median, {percentile:.2f} s at the 99th percentile, {max(lags):.2f} s at most"
    )
    return 0


def measure(broker: Broker, folder: Path, prism: str, count: int, rate: float) -> list[float]:
    """Seconds from produce to the first claim, for each article after the first few."""
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

"""kill -9 at random moments of runs that write to Kafka: the topics must hold what an undisturbed run publishes.

    python benchmarks/kafka_kill.py [--kills 30] [--away SECONDS] [--seed 1]

The long version of tests/test_kafka_faults.py, with its own broker. Each round reads feeds and files, or a topic, into
a fresh state and fresh topics, and kills the command at random moments. Then it compares what a read_committed consumer
sees with an undisturbed run, message by message except for times and run ids, and the offsets of the group with the
ends of the topic. ``--away`` also suspends the broker during one round. Goal: no difference.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from contextlib import suppress
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from broker import Broker
from killing import assert_same, assert_tidy, finish_amid_kills, kill_group, make_sources, messages, undisturbed
from report import tell_machine
from test_kafka_faults import fill
from test_kafka_run import committed, ends
from webserver import WebServer

_KILLS_A_ROUND = 8
_PARTITIONS = 2


class _Case:
    """Sources, and the output of an undisturbed run over them."""

    def __init__(self, folder: Path, broker: Broker, name: str, sources: list[str], topic: str | None) -> None:
        self.name = name
        self._broker = broker
        self._sources = sources
        self._topic = topic
        self._folder = folder / name
        self._calm = undisturbed(self._folder, *self._arguments("calm"))
        self._expected = messages(broker, f"{name}.calm")
        self._rounds = count(1)
        # Less than the whole duration, because a later run does not repeat what an earlier one has committed.
        self.longest = self._calm.seconds * 0.7

    def round(self, delays: list[float], away_s: float = 0) -> int:
        """Process the sources to the end in spite of kills, and return their number."""
        prefix = f"round{next(self._rounds)}"
        self._folder = self._folder.parent / f"{self.name}-{prefix}"
        self._folder.mkdir()
        timers = [threading.Timer(6, self._stop, (away_s,))] if away_s else []
        for timer in timers:
            timer.start()
        kills = finish_amid_kills(self._folder, self._arguments(prefix), iter(delays), kill_group)
        for timer in timers:
            timer.join()
        assert_same(messages(self._broker, f"{self.name}.{prefix}"), self._expected)
        assert_tidy(self._folder)
        if self._topic:
            have, want = committed(self._broker, f"{self.name}.{prefix}"), ends(self._broker, self._topic, _PARTITIONS)
            assert have == want, f"the group is at {have}, the topic ends at {want}"
        shutil.rmtree(self._folder)
        return kills

    def _stop(self, seconds: float) -> None:
        process = int((self._broker.folder / "pid").read_text())
        os.kill(process, signal.SIGSTOP)
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGCONT)

    def _arguments(self, prefix: str) -> list[str]:
        given = [argument for source in self._sources for argument in ("--source", source)]
        sink = f"kafka://{self._broker.address}/{self.name}.{prefix}"
        return [
            *given, "--sink", sink, "--state", "state", "--extract", "none", "--create-topics",
            "--kafka-group", f"{self.name}.{prefix}",
        ]  # fmt: skip


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30, help="total number of kills, about five seconds each [30]")
    parser.add_argument("--away", type=float, default=0, help="seconds to suspend the broker in one more round [0]")
    parser.add_argument("--seed", type=int, default=1, help="seed of the random moments [1]")
    arguments = parser.parse_args(argv)
    tell_machine()
    chance = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="claimwire-kafka-kill-") as name, WebServer() as server:
        folder = Path(name)
        (folder / "in").mkdir()
        broker = Broker(folder / "kafka")
        try:
            cases = [
                _Case(folder, broker, "feeds", make_sources(folder / "in", server, 40), None),
                _Case(folder, broker, "topic", [fill(broker, "articles", partitions=_PARTITIONS)], "articles"),
            ]
            kills = rounds = 0
            while kills < arguments.kills:
                case = cases[rounds % len(cases)]
                most = min(_KILLS_A_ROUND, arguments.kills - kills)
                done = case.round([chance.uniform(0, case.longest) for _ in range(most)])
                kills += done
                rounds += 1
                print(f"round {rounds}, {case.name}: {done} kills, messages equal; {kills} in all", flush=True)
            if arguments.away:
                cases[1].round([], arguments.away)
                print(f"broker suspended for {arguments.away:g} s: messages equal", flush=True)
        finally:
            broker.stop()
    print(f"{kills} kills in {rounds} rounds: nothing lost, nothing twice, offsets correct (goal: met)")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

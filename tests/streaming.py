"""The command ``claimwire stream`` as a process, on the portable runners that there are."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from command import Command, environment
from killing import kill_group

if TYPE_CHECKING:
    from claimwire.pipelines.dedupe.transform import Judged


def prism_options(binary: str) -> list[str]:
    """Beam's options for Prism on this machine."""
    return ["--runner", "PrismRunner", f"--prism_location={binary}", "--environment_type=LOOPBACK"]


def flink_options() -> list[str] | None:
    """Beam's options for the Flink job server that the environment names, or None where it names none."""
    endpoint = os.environ.get("CLAIMWIRE_FLINK_JOB_ENDPOINT")
    if not endpoint:
        return None
    artifacts = os.environ.get("CLAIMWIRE_FLINK_ARTIFACT_ENDPOINT")
    return [
        "--runner", "PortableRunner", f"--job_endpoint={endpoint}",
        *([f"--artifact_endpoint={artifacts}"] if artifacts else []),
        "--environment_type=LOOPBACK", "--checkpointing_interval=2000",
    ]  # fmt: skip


@contextmanager
def streaming(
    folder: Path, *arguments: str, before: Callable[[], None] | None = None
) -> Iterator[subprocess.Popen[str]]:
    """The stream as a process group of its own, with the runner that it starts; killed at the end of the block.

    What it says is in ``stream.log``. ``before`` is done in the process first; it has to be picklable.
    """
    with (folder / "stream.log").open("a") as log:
        process = Command(
            ["stream", *arguments, "--state", str(folder / "state")],
            cwd=folder,
            env=environment(TMPDIR=str(folder)),  # for what it leaves behind when it is killed
            stdout=log,
            stderr=log,
            preexec_fn=before,
        )
        try:
            yield process
        finally:
            kill_group(process)


def enrich_slowly() -> None:
    """To be done before: an article takes so long that a stream is at work for as long as a test looks at it."""
    from claimwire.pipelines.enrich import EnrichBatch  # noqa: PLC0415 - heavy, few tests need it

    process = EnrichBatch.process

    def slowly(self: EnrichBatch, batch: Sequence[Judged]) -> Iterator[Any]:
        time.sleep(0.04 * len(batch))
        return process(self, batch)

    EnrichBatch.process = slowly  # type: ignore[method-assign]


def until(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float, what: str) -> None:
    """Wait for something that the stream does. Raises AssertionError when it has ended, or it takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, f"the stream has ended with {process.returncode}"
        assert time.monotonic() < deadline, f"{what}: not within {seconds:g} s"
        time.sleep(0.2)
